namespace DevOpsAgent.Configuration;

/// <summary>Finds what somebody meant: the known name with the fewest edits (Levenshtein) to what was written.</summary>
internal static class NearestName
{
    /// <summary>Null: nothing is near enough (a third of the name's length, at least 2, at most 5 edits) to be a likely slip.</summary>
    public static string? Of(string written, IEnumerable<string> known)
    {
        if (written.Length > 100)
        {
            return null;
        }

        var limit = Math.Clamp(written.Length / 3, Math.Min(2, written.Length - 1), 5);
        string? best = null;
        foreach (var name in known)
        {
            var distance = Distance(written, name, limit);
            if (distance <= limit)
            {
                best = name;
                limit = distance - 1;
                if (limit < 0)
                {
                    break;
                }
            }
        }

        return best;
    }

    /// <summary>Edits from one to the other, ignoring case; anything above the limit is given as limit + 1.</summary>
    private static int Distance(string a, string b, int limit)
    {
        if (Math.Abs(a.Length - b.Length) > limit)
        {
            return limit + 1;
        }

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
                var same = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]);
                var replaced = diagonal + (same ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[b.Length];
    }
}
