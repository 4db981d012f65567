using System.Globalization;

namespace DevOpsAgent.Audit;

/// <summary>The files of a log's directory. Closed segments bear the seq of their first line: audit-00000000000000000042.jsonl.</summary>
internal static class SegmentName
{
    /// <summary>The segment that is written.</summary>
    public const string Current = "audit.jsonl";

    /// <summary>The closing checkpoints of all segments ever, the removed ones too.</summary>
    public const string Checkpoints = "audit-checkpoints.jsonl";

    /// <summary>How far the log had come at least, signed.</summary>
    public const string Head = "audit-head.json";

    public const string Lock = "audit.lock";

    private const string Prefix = "audit-", Suffix = ".jsonl";
    private const int Digits = 20;

    public static string Closed(long first) => Prefix + first.ToString("D20", CultureInfo.InvariantCulture) + Suffix;

    public static string Torn(long seq, long tsUnixMs) => string.Create(CultureInfo.InvariantCulture, $"audit-torn-{seq:D20}-{tsUnixMs}.bin");

    public static bool TryReadClosed(string name, out long first)
    {
        first = 0;
        return name.Length == Prefix.Length + Digits + Suffix.Length && name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Suffix, StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(Prefix.Length, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out first) && first > 0;
    }

    /// <summary>Closed segments, oldest first.</summary>
    public static List<(long First, string Path)> ListClosed(string directory)
    {
        var found = new List<(long First, string Path)>();
        foreach (var path in Directory.EnumerateFiles(directory, Prefix + "*" + Suffix))
        {
            if (TryReadClosed(Path.GetFileName(path), out var first))
            {
                found.Add((first, path));
            }
        }

        found.Sort(static (a, b) => a.First.CompareTo(b.First));
        return found;
    }
}
