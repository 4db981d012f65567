using System.Globalization;

namespace DevOpsAgent.Detection.Pushdown;

/// <summary>
/// One character of a pattern as a piece of a Lucene regular expression over the raw path: it matches every spelling that
/// <see cref="CanonicalPath"/> would read as that character, but for those that <see cref="PathRegexp.Odd"/> catches as a whole.
/// </summary>
internal static class PatternAtoms
{
    /// <summary>Between two segments: /, //, /./, %2f, trailing dots and spaces.</summary>
    public const string Separator = @"[/\\. %f025]+";

    /// <summary>White space and SQL's empty comment, any number of them.</summary>
    private const string Space = @"( |\+|%(25)*(2b|20|09|0[a-d])|/\*\*/)+";

    public static string InName(char c) => c switch
    {
        '/' => Separator,
        '*' => @"[^/?]*",
        _ => Plain(c),
    };

    public static string InText(char c) => c switch
    {
        '/' => @"(/|\\|%(25)*2f)",
        ' ' => Space,
        _ => Plain(c),
    };

    public static string InAgent(char c) => char.IsAsciiLetterOrDigit(c) ? c.ToString() : c < 128 ? $@"\{c}" : ".";

    private static string Plain(char c) => c switch
    {
        '-' or '.' => $@"\{c}",
        '_' => "_",
        _ when char.IsAsciiLetterOrDigit(c) => c.ToString(),
        // Beyond ASCII a character is itself, or up to four encoded bytes, each perhaps encoded again.
        _ when c >= 128 => ".*",
        _ => string.Create(CultureInfo.InvariantCulture, $@"(\{c}|%(25)*{(int)c:x2})"),
    };
}
