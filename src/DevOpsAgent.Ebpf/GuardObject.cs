using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using DevOpsAgent.Ebpf.Native;

namespace DevOpsAgent.Ebpf;

/// <summary>The embedded object, loaded: its maps and programs. Programs are attached one by one, and detached on dispose unless pinned.</summary>
internal sealed unsafe class GuardObject : IDisposable
{
    private const string Resource = "guard.bpf.o";

    private readonly Dictionary<string, nint> _programs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, nint> _links = new(StringComparer.Ordinal);
    private nint _object;

    private GuardObject(nint loaded) => _object = loaded;

    public Dictionary<string, BpfMap> Maps { get; } = new(StringComparer.Ordinal);

    public int Processors { get; private init; }

    /// <summary>Whether the maps are those of an agent that ran before.</summary>
    public bool Adopted { get; private set; }

    public IReadOnlyCollection<string> Programs => _programs.Keys;

    public IEnumerable<string> Attached => _links.Keys;

    /// <summary>Null: this build has none, since there was no clang where it was built.</summary>
    public static byte[]? Bytes()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Resource);
        if (stream is null)
        {
            return null;
        }

        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Names the meaning of maps and programs together: an object built otherwise adopts nothing.</summary>
    public static string SchemaHash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes))[..16];

    /// <param name="wanted">Programs to load, by section ("lsm/file_open") and name.</param>
    /// <param name="pins">Maps in it are used instead of new ones. Null: none.</param>
    /// <exception cref="KernelException">With the verifier's words.</exception>
    public static GuardObject Load(byte[] bytes, Func<string, string, bool> wanted, PinFolder? pins)
    {
        var processors = Libbpf.PossibleCpus();
        var (result, log) = LoaderLog.Of(() => TryLoad(bytes, wanted, pins, processors));
        return result.Object ?? throw new KernelException(Shorten(result.Error, log));
    }

    /// <exception cref="KernelException">It can't be attached.</exception>
    public void Attach(string program, int cgroup)
    {
        if (_links.ContainsKey(program))
        {
            return;
        }

        var (result, log) = LoaderLog.Of(() =>
        {
            var link = cgroup >= 0 ? Libbpf.AttachCgroup(_programs[program], cgroup) : Libbpf.Attach(_programs[program]);
            return (link, error: link == 0 ? Marshal.GetLastPInvokeError() : 0);
        });
        _links[program] = result.link != 0 ? result.link : throw new KernelException(Shorten($"program {program} can't be attached: {Libc.Message(result.error)}", log));
    }

    public void Detach(string program)
    {
        if (_links.Remove(program, out var link))
        {
            _ = Libbpf.DestroyLink(link);
        }
    }

    /// <summary>Keeps what is attached alive without this process; a link that was there under the name goes only when the new one is in its place.</summary>
    public void PinLinks(PinFolder pins)
    {
        foreach (var (name, link) in _links)
        {
            pins.Replace(name, path => Libbpf.PinLink(link, path));
        }
    }

    public void PinMaps(PinFolder pins)
    {
        foreach (var map in Maps.Values)
        {
            pins.Keep(map.Name, path => Libbpf.Pin(map.Handle, path));
        }
    }

    public void Dispose()
    {
        foreach (var name in _links.Keys.ToList())
        {
            Detach(name);
        }

        if (_object != 0)
        {
            Libbpf.CloseObject(_object);
            _object = 0;
        }
    }

    private static (GuardObject? Object, string Error) TryLoad(byte[] bytes, Func<string, string, bool> wanted, PinFolder? pins, int processors)
    {
        nint opened;
        fixed (byte* start = bytes)
        {
            opened = Libbpf.OpenObject(start, (nuint)bytes.Length, 0);
        }

        if (opened == 0)
        {
            return (null, $"the programs can't be read: {Libc.Message(Marshal.GetLastPInvokeError())}");
        }

        var guard = new GuardObject(opened) { Processors = processors };
        for (var program = Libbpf.NextProgram(opened, 0); program != 0; program = Libbpf.NextProgram(opened, program))
        {
            var name = Text(Libbpf.ProgramName(program));
            if (wanted(Text(Libbpf.ProgramSection(program)), name))
            {
                guard._programs[name] = program;
            }
            else
            {
                _ = Libbpf.SetAutoload(program, false);
            }
        }

        for (var map = Libbpf.NextMap(opened, 0); map != 0; map = Libbpf.NextMap(opened, map))
        {
            var name = Text(Libbpf.MapName(map));
            if (name == "scratches")
            {
                _ = Libbpf.SetMaxEntries(map, (uint)processors * 4);
            }

            if (!name.StartsWith('.') && pins?.TryOpen(name) is { } pinned)
            {
                guard.Adopted |= Libbpf.ReuseMap(map, pinned) == 0;
                _ = Libc.Close(pinned);
            }
        }

        var error = Libbpf.LoadObject(opened);
        if (error < 0)
        {
            guard.Dispose();
            return (null, $"the kernel refused the programs: {Libc.Message(-error)}");
        }

        for (var map = Libbpf.NextMap(opened, 0); map != 0; map = Libbpf.NextMap(opened, map))
        {
            var name = Text(Libbpf.MapName(map));
            if (!name.Contains('.', StringComparison.Ordinal))
            {
                guard.Maps[name] = new(Libbpf.MapHandle(map), name);
            }
        }

        return (guard, "");
    }

    private static string Text(nint text) => Marshal.PtrToStringUTF8(text) ?? "";

    /// <summary>The line that names the program, and the last lines of the verifier before its statistics.</summary>
    private static string Shorten(string error, string log)
    {
        const int Kept = 6;
        var lines = log.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(static l => l.Length > 0 && !l.StartsWith("processed ", StringComparison.Ordinal) && !l.Contains("ulimit", StringComparison.Ordinal) && !l.StartsWith("--", StringComparison.Ordinal) && !l.Contains("-- END", StringComparison.Ordinal)).ToList();
        if (lines.Count == 0)
        {
            return error;
        }

        var first = lines.Find(static l => l.Contains("failed", StringComparison.Ordinal)) ?? lines[0];
        var rest = lines.Where(l => l != first && !l.Contains("failed to load", StringComparison.Ordinal) && !l.Contains("BEGIN PROG", StringComparison.Ordinal)).TakeLast(Kept);
        return string.Join("; ", [error, first.Replace("libbpf: ", "", StringComparison.Ordinal), .. rest.Select(static l => l.Replace("libbpf: ", "", StringComparison.Ordinal))]);
    }
}
