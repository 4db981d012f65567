using System.Globalization;

namespace DevOpsAgent.RuntimeGuard.Backends.Proc;

/// <summary>
/// Reads /proc, or a tree that looks like it. Processes end while they are read: what is gone or not ours to see gives null
/// or nothing, never an exception.
/// </summary>
internal sealed class ProcTree(string root = "/proc")
{
    private const string Deleted = " (deleted)";

    public IEnumerable<int> Pids()
    {
        string[] directories;
        try
        {
            directories = Directory.GetDirectories(root);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            yield break;
        }

        foreach (var directory in directories)
        {
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
            {
                yield return pid;
            }
        }
    }

    public ProcStat? Stat(int pid) => Text(pid, "stat") is { } text && ProcStat.TryParse(text, out var stat) ? stat : null;

    public ProcStatus Status(int pid) => Text(pid, "status") is { } text ? ProcStatus.Parse(text) : new(-1, 0);

    /// <summary>Canonical path of the executable; empty: a kernel thread, or not ours to see.</summary>
    public string Exe(int pid) => Undeleted(Link($"{root}/{pid}/exe") ?? "");

    /// <summary>Path in the cgroup v2 tree, or of systemd's v1 tree; empty: unknown.</summary>
    public string Cgroup(int pid)
    {
        string? other = null;
        foreach (var line in (Text(pid, "cgroup") ?? "").Split('\n'))
        {
            // 0::/system.slice/traefik.service   1:name=systemd:/system.slice/traefik.service
            var path = line.IndexOf(":/", StringComparison.Ordinal) is > 0 and var at ? line[(at + 1)..] : null;
            if (line.StartsWith("0::", StringComparison.Ordinal) && path is { Length: > 1 })
            {
                return path;
            }

            other = line.Contains(":name=systemd:", StringComparison.Ordinal) ? path : other;
        }

        return other ?? "";
    }

    /// <summary>What its descriptors point to: "/var/log/x", "socket:[123]", "anon_inode:[io_uring]".</summary>
    public IEnumerable<string> Descriptors(int pid)
    {
        string[] entries;
        try
        {
            entries = Directory.GetFileSystemEntries($"{root}/{pid}/fd");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            yield break;
        }

        foreach (var entry in entries)
        {
            if (Link(entry) is { } target)
            {
                yield return Undeleted(target);
            }
        }
    }

    /// <summary>Files mapped into its memory: libraries that were opened and closed before anybody looked.</summary>
    public IEnumerable<string> Mappings(int pid)
    {
        string? last = null;
        foreach (var line in (Text(pid, "maps") ?? "").Split('\n'))
        {
            // 7f1a00000000-7f1a00021000 r-xp 00000000 fe:00 1234    /usr/lib/x86_64-linux-gnu/libc.so.6
            var slash = line.IndexOf(" /", StringComparison.Ordinal);
            var path = slash < 0 ? null : Undeleted(line[(slash + 1)..]);
            if (path is not null && path != last)
            {
                yield return last = path;
            }
        }
    }

    /// <summary>Names the network namespace, so that its sockets are read once. Empty: unknown.</summary>
    public string NetworkNamespace(int pid) => Link($"{root}/{pid}/ns/net") ?? "";

    public ProcSockets Sockets(int pid)
    {
        var sockets = new ProcSockets();
        foreach (var table in new[] { "net/tcp", "net/tcp6" })
        {
            sockets.AddTcp(Text(pid, table) ?? "");
        }

        foreach (var table in new[] { "net/udp", "net/udp6" })
        {
            sockets.AddUdp(Text(pid, table) ?? "");
        }

        foreach (var table in new[] { "net/raw", "net/raw6" })
        {
            sockets.AddRaw(Text(pid, table) ?? "");
        }

        return sockets;
    }

    /// <summary>Names of loaded kernel modules.</summary>
    public IReadOnlySet<string> Modules() =>
        Read($"{root}/modules") is { } text ? text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static l => l.Split(' ')[0]).ToHashSet(StringComparer.Ordinal) : new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Mount points of the namespace of a process, with their ids: "36 /mnt/data".</summary>
    public IReadOnlySet<string> Mounts(int pid)
    {
        // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
        var mounts = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in (Text(pid, "mountinfo") ?? "").Split('\n'))
        {
            if (line.Split(' ') is [var id, _, _, _, var point, ..])
            {
                mounts.Add($"{id} {point}");
            }
        }

        return mounts;
    }

    private string? Text(int pid, string name) => Read($"{root}/{pid}/{name}");

    private static string? Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Link(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string Undeleted(string path) => path.EndsWith(Deleted, StringComparison.Ordinal) ? path[..^Deleted.Length] : path;
}
