namespace DevOpsAgent.RuntimeGuard;

/// <summary>
/// The path behind symbolic links, as the kernel would name it. Directories are looked at once, so that a policy of
/// thousands of paths in a few directories costs one look per path. What does not exist yet keeps its name.
/// </summary>
internal sealed class PathResolver
{
    private const int MaxLinks = 40; // as the kernel

    private readonly Dictionary<string, (string Real, bool Exists)> _directories = new(StringComparer.Ordinal) { ["/"] = ("/", true), [""] = ("/", true) };
    private int _links;

    /// <summary>Null: no link on the way, or one that depends on who asks (/proc/self, /dev/stdin), or a ring of links. Never throws.</summary>
    public string? Resolve(string path)
    {
        if (OperatingSystem.IsWindows() || path is not ['/', ..] || path.StartsWith("/proc/", StringComparison.Ordinal))
        {
            return null;
        }

        _links = 0;
        try
        {
            var real = Real(path);
            return real == path || _links > MaxLinks || real.StartsWith("/proc/", StringComparison.Ordinal) ? null : real;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private string Real(string path)
    {
        var slash = path.LastIndexOf('/');
        var name = path[(slash + 1)..];
        var (directory, exists) = DirectoryOf(path[..slash]);
        if (name is "" or ".")
        {
            return directory;
        }

        if (name == "..")
        {
            return directory.LastIndexOf('/') is > 0 and var up ? directory[..up] : "/";
        }

        var here = directory == "/" ? "/" + name : $"{directory}/{name}";
        // /dev/stdin leads over /proc/self: to another file for each process.
        if (!exists || here.StartsWith("/proc/", StringComparison.Ordinal) || new FileInfo(here).LinkTarget is not { Length: > 0 } target || ++_links > MaxLinks)
        {
            return here;
        }

        return Real(target[0] == '/' ? target.TrimEnd('/') is { Length: > 0 } t ? t : "/" : $"{directory}/{target.TrimEnd('/')}");
    }

    private (string Real, bool Exists) DirectoryOf(string path)
    {
        if (!_directories.TryGetValue(path, out var known))
        {
            var real = Real(path);
            known = (real, Directory.Exists(real));
            _directories[path] = known;
        }

        return known;
    }
}
