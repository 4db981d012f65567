using System.Globalization;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Search;

/// <summary><c>2</c>, <c>-1</c>, <c>75%</c>, <c>-25%</c>, <c>2&lt;75% 9&lt;-3</c>: how many optional clauses must match.</summary>
internal static class MinimumShouldMatch
{
    public static int Read(string text, int clauses)
    {
        text = text.Trim();
        if (!text.Contains('<', StringComparison.Ordinal))
        {
            return Plain(text, clauses);
        }

        var result = clauses;
        foreach (var condition in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = condition.Split('<');
            if (parts.Length != 2 || !int.TryParse(parts[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var bound))
            {
                throw Bad(text);
            }

            if (clauses <= bound)
            {
                return result;
            }

            result = Plain(parts[1], clauses);
        }

        return result;
    }

    private static int Plain(string text, int clauses)
    {
        int number;
        if (text.EndsWith('%'))
        {
            if (!int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var percent))
            {
                throw Bad(text);
            }

            var part = clauses * percent * (1 / 100f);
            number = part < 0 ? clauses + (int)part : (int)part;
        }
        else
        {
            if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var count))
            {
                throw Bad(text);
            }

            number = count < 0 ? clauses + count : count;
        }

        return Math.Max(number, 0);
    }

    private static DslException Bad(string text) => DslException.QueryShard($"failed to create query: For input string: \"{text}\"");
}
