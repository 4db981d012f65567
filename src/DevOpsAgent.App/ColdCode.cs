using System.Globalization;
using System.Runtime.InteropServices;

namespace DevOpsAgent.App;

/// <summary>
/// Gives back the pages of program files that only the start needed, about a third of what an idle agent holds: what is used again
/// comes back from the system's cache. Only pages that are as in the file can go, so only mappings without a changed page are taken.
/// </summary>
internal static class ColdCode
{
    private const int DontNeed = 4; // MADV_DONTNEED, asm-generic/mman-common.h

    /// <summary>On Linux; does nothing elsewhere, and nothing where /proc can't be read.</summary>
    public static void GiveBack()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            foreach (var (start, length) in Mappings(File.ReadAllLines("/proc/self/smaps")))
            {
                _ = madvise(start, length, DontNeed);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Only memory is at stake.
        }
    }

    /// <summary>The mappings of files that can't be written and have no page of their own, from the lines of smaps (proc(5)).</summary>
    public static IEnumerable<(nint Start, nint Length)> Mappings(IEnumerable<string> smaps)
    {
        (nint Start, nint End, bool Taken) mapping = default;
        foreach (var line in smaps)
        {
            // 7f65eea00000-7f65eec00000 r-xp 00000000 fe:00 1234    /opt/devops-agent/libcoreclr.so
            if (TryHeader(line, out var header))
            {
                if (mapping.Taken)
                {
                    yield return (mapping.Start, mapping.End - mapping.Start);
                }

                mapping = header;
            }
            else if ((line.StartsWith("Private_Dirty:", StringComparison.Ordinal) || line.StartsWith("Anonymous:", StringComparison.Ordinal)) && !line.EndsWith(" 0 kB", StringComparison.Ordinal))
            {
                mapping.Taken = false;
            }
        }

        if (mapping.Taken)
        {
            yield return (mapping.Start, mapping.End - mapping.Start);
        }
    }

    private static bool TryHeader(string line, out (nint Start, nint End, bool Taken) header)
    {
        header = default;
        var dash = line.IndexOf('-', StringComparison.Ordinal);
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        if (dash <= 0 || space <= dash || !nint.TryParse(line.AsSpan(0, dash), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var start)
            || !nint.TryParse(line.AsSpan(dash + 1, space - dash - 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var end))
        {
            return false;
        }

        var rights = line.AsSpan(space + 1, Math.Min(4, line.Length - space - 1));
        var path = line.IndexOf('/', StringComparison.Ordinal);
        var taken = rights.Length == 4 && rights[1] == '-' && path > 0 && !line.AsSpan(path).StartsWith("/memfd:") && !line.EndsWith("(deleted)", StringComparison.Ordinal)
            && (line.EndsWith(".dll", StringComparison.Ordinal) || line.Contains(".so", StringComparison.Ordinal));
        header = (start, end, taken);
        return true;
    }

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int madvise(nint address, nint length, int advice);
}
