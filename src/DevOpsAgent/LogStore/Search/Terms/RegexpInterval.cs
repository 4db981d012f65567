using System.Globalization;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Search.Terms;

/// <summary><c>&lt;10-99&gt;</c>: whole numbers in a range, as a plain expression of digits.</summary>
internal static class RegexpInterval
{
    public static string Read(string pattern, ref int at)
    {
        var end = pattern.IndexOf('>', at);
        var body = end < 0 ? throw Bad($"expected '>' at position {pattern.Length}") : pattern[(at + 1)..end];
        var dash = body.IndexOf('-', StringComparison.Ordinal);
        if (dash < 0)
        {
            throw DslException.NotSupported("regexp named automaton");
        }

        if (dash == 0 || dash == body.Length - 1 || !int.TryParse(body.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var low) || !int.TryParse(body.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var high))
        {
            throw Bad($"interval syntax error at position {end}");
        }

        at = end + 1;
        var digits = dash == body.Length - dash - 1 ? dash : 0;
        if (low > high)
        {
            (low, high) = (high, low);
        }

        var alternatives = new List<string>();
        var width = digits > 0 ? digits : high.ToString(CultureInfo.InvariantCulture).Length;
        Split(low.ToString(CultureInfo.InvariantCulture).PadLeft(width, '0'), high.ToString(CultureInfo.InvariantCulture).PadLeft(width, '0'), "", alternatives);
        if (digits > 0)
        {
            return $"(?:{string.Join('|', alternatives)})";
        }

        // Without a fixed width leading zeros may stand or not.
        return $"(?:0*(?:{string.Join('|', alternatives.SelectMany(static a => Stripped(a)))}))";
    }

    private static IEnumerable<string> Stripped(string alternative)
    {
        yield return alternative;
        while (alternative.StartsWith('0') && alternative.Length > 1)
        {
            alternative = alternative[1..];
            yield return alternative;
        }
    }

    /// <summary>Numbers of one width as prefixes with free digits behind them.</summary>
    private static void Split(string low, string high, string prefix, List<string> alternatives)
    {
        if (low.Length == 0)
        {
            alternatives.Add(prefix);
            return;
        }

        if (low.All(static c => c == '0') && high.All(static c => c == '9'))
        {
            alternatives.Add(prefix + string.Concat(Enumerable.Repeat("[0-9]", low.Length)));
            return;
        }

        var nines = new string('9', low.Length - 1);
        var zeros = new string('0', low.Length - 1);
        for (var digit = low[0]; digit <= high[0]; digit++)
        {
            Split(digit == low[0] ? low[1..] : zeros, digit == high[0] ? high[1..] : nines, prefix + digit, alternatives);
        }
    }

    private static DslException Bad(string reason) => DslException.QueryShard($"failed to create query: {reason}");
}
