using System.Security;

namespace DevOpsAgent.Logs.Sources;

/// <summary>One of the files that a log consists of through the years: the rotated ones and the one written now.</summary>
/// <param name="Current">True for the configured path itself.</param>
internal sealed record LogGeneration(string Path, FileFacts Facts, RotatedName Name, bool Current)
{
    private const int MaxListings = 10;

    /// <summary>All readable names of the log, oldest first, the current file (if there is one) last. Symbolic links are followed: their target's neighbours count.</summary>
    public static List<LogGeneration> All(string path)
    {
        // Rotation renames .2 to .3, then .1 to .2: a listing made meanwhile can miss a file. Two equal ones in a row are whole.
        var last = List(path);
        for (var attempt = 0; attempt < MaxListings; attempt++)
        {
            var again = List(path);
            if (again.Select(g => (g.Path, g.Facts.Id)).SequenceEqual(last.Select(g => (g.Path, g.Facts.Id))))
            {
                return again;
            }

            last = again;
        }

        return last;
    }

    private static List<LogGeneration> List(string path)
    {
        var found = new List<LogGeneration>();
        foreach (var place in Places(path))
        {
            AddRotated(place, found);
        }

        // access.log.1 and access.log.1.gz at once: compression is under way, the plain one is whole
        found.RemoveAll(a => a.Name.Compressed && found.Exists(b => !b.Name.Compressed && b.Name.Date == a.Name.Date && b.Name.Counter == a.Name.Counter));
        Sort(found);
        if (FileIdentity.Look(path, out var facts) == FileLookup.Found && facts.Kind == FileKind.Regular)
        {
            found.RemoveAll(g => g.Facts.Id == facts.Id);
            found.Add(new(path, facts, default, true));
        }

        return found;
    }

    /// <summary>The file with this identity in the log's folders, whatever its name is by now; null: there is none.</summary>
    public static string? FindById(string path, FileId id)
    {
        foreach (var place in Places(path))
        {
            foreach (var candidate in Files(System.IO.Path.GetDirectoryName(place), "*"))
            {
                if (FileIdentity.Look(candidate, out var facts) == FileLookup.Found && facts.Kind == FileKind.Regular && facts.Id == id)
                {
                    return candidate;
                }
            }
        }

        return null;
    }

    /// <summary>Files in a folder that match the pattern (* and ?); none where it can't be listed.</summary>
    public static IReadOnlyList<string> Files(string? folder, string pattern)
    {
        try
        {
            var here = string.IsNullOrEmpty(folder);
            var files = Directory.GetFiles(here ? "." : folder!, pattern, new EnumerationOptions
            {
                AttributesToSkip = FileAttributes.None,
                IgnoreInaccessible = true,
                MatchCasing = MatchCasing.CaseSensitive,
            });
            return here ? Array.ConvertAll(files, f => System.IO.Path.GetFileName(f)) : files;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SecurityException or ArgumentException)
        {
            return [];
        }
    }

    private static void AddRotated(string place, List<LogGeneration> found)
    {
        var name = System.IO.Path.GetFileName(place);
        foreach (var candidate in Files(System.IO.Path.GetDirectoryName(place), "*"))
        {
            if (RotatedName.TryParse(name, System.IO.Path.GetFileName(candidate), out var rotated)
                && FileIdentity.Look(candidate, out var facts) == FileLookup.Found
                && facts.Kind == FileKind.Regular
                && !found.Exists(g => g.Facts.Id == facts.Id))
            {
                found.Add(new(candidate, facts, rotated, false));
            }
        }
    }

    /// <summary>By name where all names can be compared, else by time of the last write, which compression keeps.</summary>
    private static void Sort(List<LogGeneration> found)
    {
        if (found.TrueForAll(g => RotatedName.CompareAge(g.Name, found[0].Name) is not null))
        {
            found.Sort((a, b) => RotatedName.CompareAge(a.Name, b.Name) ?? 0);
        }
        else
        {
            found.Sort((a, b) => a.Facts.Modified.CompareTo(b.Facts.Modified));
        }
    }

    private static IEnumerable<string> Places(string path)
    {
        yield return path;
        string? target = null;
        try
        {
            target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName;
        }
        catch (Exception e) when (FileProblem.IsExpected(e))
        {
            // not there, or a loop of links: the path itself is all there is
        }

        if (target is not null)
        {
            yield return target;
        }
    }
}
