namespace DevOpsAgent.Logs.Query;

/// <summary>"did you mean": the nearest known names of a misspelt one.</summary>
internal static class Spelling
{
    public static string Hint(string wrong, IEnumerable<string> known)
    {
        var near = Near(wrong, known);
        return near.Count switch
        {
            0 => "",
            1 => $" did you mean [{near[0]}]?",
            _ => $" did you mean any of [{string.Join(", ", near)}]?",
        };
    }

    /// <summary>Names that share most of their letters in order, best first; at most three.</summary>
    public static List<string> Near(string wrong, IEnumerable<string> known) =>
        wrong.Length > 256 ? [] :
        [.. known.Select(k => (Name: k, Distance: Distance(wrong, k))).Where(p => p.Distance <= Math.Max(1, p.Name.Length * 3 / 10))
            .OrderBy(static p => p.Distance).ThenBy(static p => p.Name, StringComparer.Ordinal).Take(3).Select(static p => p.Name)];

    public static int Distance(string a, string b)
    {
        var row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
        {
            row[j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1));
                diagonal = above;
            }
        }

        return row[b.Length];
    }
}
