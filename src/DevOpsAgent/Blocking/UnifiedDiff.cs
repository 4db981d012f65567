using System.Text;

namespace DevOpsAgent.Blocking;

/// <summary>The change between two texts as a unified diff with three lines of context, bounded in work and in length.</summary>
internal static class UnifiedDiff
{
    private const int Context = 3;

    /// <summary>Most lines removed and added that are compared exactly; the search costs their number times the lines.</summary>
    private const int MaxEdits = 400;

    /// <summary>Most lines shown.</summary>
    private const int MaxLines = 200;

    /// <summary>Empty where nothing changes. A file that is created or removed is shown from or to /dev/null.</summary>
    public static string Between(string before, string after, string name)
    {
        if (before == after)
        {
            return "";
        }

        var (left, right) = (Split(before), Split(after));
        var text = new StringBuilder()
            .Append("--- ").Append(left.Length == 0 ? "/dev/null" : name).Append('\n')
            .Append("+++ ").Append(right.Length == 0 ? "/dev/null" : name).Append('\n');
        var edits = Edits(left, right);
        if (edits is null)
        {
            return text.Append("@@ too many lines change to show: ").Append(left.Length).Append(" lines before, ").Append(right.Length).Append(" after @@\n").ToString();
        }

        Write(text, edits, left, right);
        return text.ToString();
    }

    private static void Write(StringBuilder text, List<Edit> edits, string[] left, string[] right)
    {
        var shown = 0;
        for (var i = 0; i < edits.Count;)
        {
            var last = i;
            while (last + 1 < edits.Count && edits[last + 1].Left - edits[last].Left - (edits[last].Added ? 0 : 1) <= 2 * Context)
            {
                last++;
            }

            if (shown >= MaxLines)
            {
                text.Append("@@ ").Append(edits.Count - i).Append(" more changed lines @@\n");
                return;
            }

            shown += Hunk(text, edits[i..(last + 1)], left, right, MaxLines - shown);
            i = last + 1;
        }
    }

    private static int Hunk(StringBuilder text, List<Edit> edits, string[] left, string[] right, int room)
    {
        var lines = new List<string>();
        var from = Math.Max(0, edits[0].Left - Context);
        var fromRight = Math.Max(0, edits[0].Right - (edits[0].Left - from));
        var at = from;
        var (removed, added) = (0, 0);
        foreach (var edit in edits)
        {
            while (at < edit.Left)
            {
                lines.Add(" " + left[at++]);
            }

            if (edit.Added)
            {
                lines.Add("+" + right[edit.Right]);
                added++;
            }
            else
            {
                lines.Add("-" + left[at++]);
                removed++;
            }
        }

        for (var end = Math.Min(left.Length, at + Context); at < end;)
        {
            lines.Add(" " + left[at++]);
        }

        var count = at - from;
        text.Append("@@ -").Append(count == 0 ? from : from + 1).Append(',').Append(count)
            .Append(" +").Append(count - removed + added == 0 ? fromRight : fromRight + 1).Append(',').Append(count - removed + added).Append(" @@\n");
        foreach (var line in lines.Take(room))
        {
            text.Append(line).Append('\n');
        }

        if (lines.Count > room)
        {
            text.Append("@@ ").Append(lines.Count - room).Append(" more lines of this change @@\n");
        }

        return lines.Count;
    }

    private static string[] Split(string text) => text.Length == 0 ? [] : text.TrimEnd('\n').Split('\n');

    /// <summary>One line removed (at Left) or added (Right, before Left).</summary>
    private readonly record struct Edit(bool Added, int Left, int Right);

    /// <summary>Myers' greedy search, "An O(ND) Difference Algorithm" (1986). Null: more than MaxEdits.</summary>
    private static List<Edit>? Edits(string[] left, string[] right)
    {
        if (left.Length == 0 || right.Length == 0)
        {
            return [.. left.Select(static (_, i) => new Edit(false, i, 0)), .. right.Select(static (_, i) => new Edit(true, 0, i))];
        }

        var furthest = new int[2 * MaxEdits + 3];
        const int Zero = MaxEdits + 1;
        var trace = new List<int[]>();
        for (var d = 0; d <= MaxEdits; d++)
        {
            trace.Add(furthest[(Zero - d - 1)..(Zero + d + 2)]);
            for (var k = -d; k <= d; k += 2)
            {
                var x = k == -d || (k != d && furthest[Zero + k - 1] < furthest[Zero + k + 1]) ? furthest[Zero + k + 1] : furthest[Zero + k - 1] + 1;
                while (x < left.Length && x - k < right.Length && left[x] == right[x - k])
                {
                    x++;
                }

                furthest[Zero + k] = x;
                if (x >= left.Length && x - k >= right.Length)
                {
                    return Back(trace, left.Length, right.Length);
                }
            }
        }

        return null;
    }

    private static List<Edit> Back(List<int[]> trace, int x, int y)
    {
        var edits = new List<Edit>();
        for (var d = trace.Count - 1; d > 0; d--)
        {
            int At(int diagonal) => trace[d][diagonal + d + 1];
            var k = x - y;
            var added = k == -d || (k != d && At(k - 1) < At(k + 1));
            var from = added ? k + 1 : k - 1;
            (x, y) = (At(from), At(from) - from);
            edits.Add(new(added, x, y));
        }

        edits.Reverse();
        return edits;
    }
}
