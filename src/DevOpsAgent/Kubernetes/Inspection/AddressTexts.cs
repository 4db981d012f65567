using DevOpsAgent.Addresses;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>Texts that should be addresses and ranges: what they are, sorted and each once, and how many are none.</summary>
internal sealed record AddressTexts(IReadOnlyList<AddressRange> Ranges, int Invalid)
{
    public static AddressTexts None { get; } = new([], 0);

    public static AddressTexts Read(IEnumerable<string> texts)
    {
        var ranges = new SortedSet<AddressRange>();
        var invalid = 0;
        foreach (var text in texts)
        {
            if (AddressRange.TryParse(text, out var range))
            {
                ranges.Add(range);
            }
            else
            {
                invalid++;
            }
        }

        return new([.. ranges], invalid);
    }

    /// <summary>The addresses of a plain list: one per line, # and ; begin a comment, what follows the address is left out.</summary>
    /// <returns>Null where most lines are something else.</returns>
    public static AddressTexts? ReadLines(string text)
    {
        var words = new List<string>();
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            var kept = line.IndexOfAny('#', ';') is >= 0 and var comment ? line[..comment] : line;
            kept = kept.Trim();
            if (kept.StartsWith("- "))
            {
                kept = kept[2..];
            }

            var end = kept.IndexOfAny(" \t,");
            kept = (end < 0 ? kept : kept[..end]).Trim("\"'");
            if (!kept.IsEmpty)
            {
                words.Add(kept.ToString());
            }
        }

        var read = Read(words);
        return read.Ranges.Count > 0 && read.Invalid * 2 <= words.Count ? read : null;
    }
}
