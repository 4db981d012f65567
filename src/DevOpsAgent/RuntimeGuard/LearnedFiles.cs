using System.Text;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.RuntimeGuard;

/// <summary>The fewest patterns that allow the files seen, without opening whole top-level directories.</summary>
internal static class LearnedFiles
{
    /// <summary>More files than this of one directory become the directory.</summary>
    private const int MaxOfDirectory = 5;

    /// <summary>A directory must have this many parts to be allowed as a whole: /var/lib/app, not /etc.</summary>
    private const int LeastDepth = 2;

    private const int MaxStars = 16;

    public static IReadOnlyList<string> Patterns(IEnumerable<string> seen)
    {
        var files = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var path in seen)
        {
            // Another number each time: /proc/4711/net/tcp.
            if (!IsBaseline(path))
            {
                files.Add(Pattern(WithoutPid(path)));
            }
        }

        var patterns = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var group in files.GroupBy(static f => f[..f.LastIndexOf('/')], StringComparer.Ordinal))
        {
            var whole = group.Count() > MaxOfDirectory && group.Key.Count(static c => c == '/') >= LeastDepth && !group.Key.Contains('*', StringComparison.Ordinal);
            patterns.UnionWith(whole ? [group.Key + "/*"] : group);
        }

        if (patterns.Count(static p => p.StartsWith("/proc/*/", StringComparison.Ordinal)) > MaxStars)
        {
            patterns.RemoveWhere(static p => p.StartsWith("/proc/*/", StringComparison.Ordinal));
            patterns.Add("/proc/*");
        }

        return [.. patterns.Where(p => !patterns.Any(q => q != p && Covers(q, p)))];
    }

    private static bool IsBaseline(string path)
    {
        var bytes = Encoding.UTF8.GetBytes(path);
        return RuntimeBaseline.Patterns.Any(p => p.Matches(bytes));
    }

    /// <summary>The path itself; where a policy can't hold it ('?', a control character), the nearest directory above that has a name.</summary>
    public static string Pattern(string path)
    {
        if (PathPattern.TryParse(path, out _, out _))
        {
            return path;
        }

        for (var slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1))
        {
            if (PathPattern.TryParse(path[..slash] + "/*", out _, out _))
            {
                return path[..slash] + "/*";
            }
        }

        return "/*";
    }

    private static bool Covers(string directory, string pattern) =>
        directory.EndsWith("/*", StringComparison.Ordinal) && pattern.StartsWith(directory[..^1], StringComparison.Ordinal);

    private static string WithoutPid(string path)
    {
        if (!path.StartsWith("/proc/", StringComparison.Ordinal))
        {
            return path;
        }

        var end = path.IndexOf('/', 6) is > 0 and var slash ? slash : path.Length;
        return end > 6 && path.AsSpan(6, end - 6).IndexOfAnyExceptInRange('0', '9') < 0 ? "/proc/*" + path[end..] : path;
    }
}
