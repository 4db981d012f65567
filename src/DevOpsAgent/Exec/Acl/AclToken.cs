using System.Buffers;

namespace DevOpsAgent.Exec.Acl;

/// <summary>
/// One token of an allowed argv: a literal, &lt;INT&gt; (1 to 999999, no leading zero), &lt;URL_PATH&gt; (begins with /, only
/// letters, digits and / _ . -, no "..", at most 257 characters), or a literal prefix that ends in &lt;URL_PATH&gt;.
/// </summary>
internal sealed class AclToken
{
    public const string Int = "<INT>";
    public const string UrlPath = "<URL_PATH>";

    private const int MaxUrlPath = 257;

    private static readonly SearchValues<char> Metacharacters = SearchValues.Create(";|&><`$\n\0");

    private static readonly SearchValues<char> UrlPathCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_.-");

    private readonly Kind _kind;

    private AclToken(string text, Kind kind, string literal)
    {
        Text = text;
        _kind = kind;
        Literal = literal;
    }

    private enum Kind
    {
        Literal,
        Int,
        UrlPath,
    }

    /// <summary>As written in the ACL.</summary>
    public string Text { get; }

    /// <summary>The whole of a literal, or what stands before the template.</summary>
    public string Literal { get; }

    public bool IsTemplate => _kind != Kind.Literal;

    /// <summary>Characters that mean something to a shell. No shell is used; this holds should a command hand its arguments to one.</summary>
    public static bool HasMetacharacter(ReadOnlySpan<char> token) => token.ContainsAny(Metacharacters);

    /// <summary>Never throws. False: the error says what is wrong with it.</summary>
    public static bool TryParse(string text, out AclToken token, out string error)
    {
        error = "";
        token = text switch
        {
            Int => new(text, Kind.Int, ""),
            _ when text.EndsWith(UrlPath, StringComparison.Ordinal) => new(text, Kind.UrlPath, text[..^UrlPath.Length]),
            _ => new(text, Kind.Literal, text),
        };
        if (token.Literal.AsSpan().ContainsAny('<', '>'))
        {
            error = $"holds < or >; the templates are {Int} alone, and {UrlPath} alone or at the end";
        }
        else if (HasMetacharacter(token.Literal))
        {
            error = "holds one of ; | & ` $, a line break or a zero byte, which no request may have: it could never match";
        }

        return error.Length == 0;
    }

    public bool Matches(ReadOnlySpan<char> value) => _kind switch
    {
        // Metacharacters are looked for again: a token alone must be safe, whoever calls it and in whatever order.
        Kind.Int => IsInt(value),
        Kind.UrlPath => value.StartsWith(Literal, StringComparison.Ordinal) && IsUrlPath(value[Literal.Length..]),
        _ => value.SequenceEqual(Literal),
    };

    /// <summary>What stands for the template in a matching value: "/health" in "http://127.0.0.1/health".</summary>
    public string Parameter(string value) => value[Literal.Length..];

    private static bool IsInt(ReadOnlySpan<char> value) =>
        value is [>= '1' and <= '9', ..] && value.Length <= 6 && !value.ContainsAnyExceptInRange('0', '9');

    private static bool IsUrlPath(ReadOnlySpan<char> value) =>
        value is ['/', ..] && value.Length <= MaxUrlPath && !value.ContainsAnyExcept(UrlPathCharacters)
        && value.IndexOf("..", StringComparison.Ordinal) < 0;
}
