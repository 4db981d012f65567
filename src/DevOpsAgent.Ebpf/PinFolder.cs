using DevOpsAgent.Ebpf.Native;

namespace DevOpsAgent.Ebpf;

/// <summary>
/// A folder of the kernel's own file system (bpffs): what is pinned there lives without a process. One subfolder per schema;
/// maps and links beside each other.
/// </summary>
internal sealed class PinFolder
{
    private readonly string _root;

    private PinFolder(string root, string schema)
    {
        _root = root;
        Path = System.IO.Path.Combine(root, schema);
    }

    public string Path { get; }

    /// <summary>Null: there is no bpffs, and none can be mounted; the reason says why.</summary>
    public static PinFolder? TryOpen(string root, string schema, out string reason)
    {
        reason = "";
        try
        {
            var parent = System.IO.Path.GetDirectoryName(root) ?? "/";
            if (!IsBpf(parent) && (!Directory.Exists(parent) || !Libc.TryMountBpf(parent) || !IsBpf(parent)))
            {
                reason = $"{parent} is no bpf file system and can't be made one";
                return null;
            }

            return new(root, schema);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            reason = e.Message;
            return null;
        }
    }

    /// <summary>Nothing is left behind by who pins nothing.</summary>
    public void Create() => Directory.CreateDirectory(Path);

    /// <summary>A handle; null: not pinned.</summary>
    public int? TryOpen(string name)
    {
        var handle = File.Exists(At("map_" + name)) ? Libbpf.OpenPinned(At("map_" + name)) : -1;
        return handle < 0 ? null : handle;
    }

    public void Keep(string map, Func<string, int> pin)
    {
        if (!File.Exists(At("map_" + map)))
        {
            Check(pin(At("map_" + map)), map);
        }
    }

    /// <summary>In place by a rename: there is no moment in which neither the old link nor the new one holds.</summary>
    public void Replace(string link, Func<string, int> pin)
    {
        var fresh = At("new_" + link);
        File.Delete(fresh);
        Check(pin(fresh), link);
        Check(Libc.Rename(fresh, At("link_" + link)), link);
    }

    public void Drop(string link)
    {
        if (File.Exists(At("link_" + link)))
        {
            File.Delete(At("link_" + link));
        }
    }

    /// <summary>Other schemas' pins: of an agent before an update. They go when this one's are in place.</summary>
    public void RemoveOthers()
    {
        foreach (var folder in Directory.GetDirectories(_root).Where(f => f != Path).ToList())
        {
            Remove(folder);
        }
    }

    public void RemoveAll() => Remove(_root);

    /// <summary>bpffs knows no recursive removal by one call.</summary>
    public static void Remove(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        // Links first: a map without its programs denies nothing.
        foreach (var file in Directory.GetFiles(folder).OrderByDescending(static f => System.IO.Path.GetFileName(f).StartsWith("link_", StringComparison.Ordinal)))
        {
            File.Delete(file);
        }

        foreach (var inner in Directory.GetDirectories(folder))
        {
            Remove(inner);
        }

        Directory.Delete(folder);
    }

    private static bool IsBpf(string path)
    {
        try
        {
            return File.ReadLines("/proc/self/mounts").Any(l => l.Split(' ') is [_, var at, "bpf", ..] && at == path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false;
        }
    }

    private string At(string name) => System.IO.Path.Combine(Path, name);

    private static void Check(int result, string name)
    {
        if (result < 0)
        {
            throw new KernelException($"{name} can't be pinned: {Libc.Message(-result)}");
        }
    }
}
