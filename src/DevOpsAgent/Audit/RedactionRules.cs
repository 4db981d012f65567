using System.Buffers;
using System.Text.RegularExpressions;

namespace DevOpsAgent.Audit;

/// <summary>Which parts of a command line are secrets. The built-in set can be added to (audit.redact_flags, audit.redact_patterns), not taken from.</summary>
internal sealed class RedactionRules
{
    private const int ShortestToken = 12;

    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    // Words that make the name of a flag, variable or parameter one of a secret: --db-password, API_KEY=, &access_token=.
    private const string Names = "(?:[a-z0-9]+[-_.])*(?:password|passwd|passphrase|pwd|secret|token|apikey|api[-_]?key|access[-_]?key|secret[-_]?key|private[-_]?key|client[-_]?secret|credentials?|authorization|key)(?:[-_.](?:base64|b64|value))?";

    private static readonly Regex SecretFlag = new($"^--?(?:{Names}|pass)$", Options);

    // Not these, although they end in -key or are called token: they name a file or a kind, and are needed to read a log.
    private static readonly Regex HarmlessFlag = new("^--?(?:sort|primary|partition|group|field|index|public|host)[-_]?key$", Options);

    private static readonly Regex[] BuiltIn =
    [
        new($"^({Names}|pass)=(?<secret>.+)$", Options | RegexOptions.Singleline), // PGPASSWORD is below: no word boundary in it
        new("^[a-z0-9_]*(?:password|passwd|passphrase|secret|token|_key)=(?<secret>.+)$", Options | RegexOptions.Singleline),
        new($"[?&;]{Names}=(?<secret>[^&;#]+)", Options),
        new($"\"{Names}\" *: *\"(?<secret>[^\"]+)\"", Options), // a JSON body given as an argument
        new("\\b(?:bearer|basic|negotiate|digest) +(?<secret>[a-z0-9._~+/=-]{4,})", Options),
        new("^(?:proxy-)?(?:authorization|cookie|set-cookie|x-[a-z-]*(?:key|token|auth|secret)) *: *(?<secret>.+)$", Options | RegexOptions.Singleline),
        new("[a-z][a-z0-9+.-]*://[^/?#@ ]*:(?<secret>[^/?#@ ]+)@", Options), // the password of a URL
        new("(?<secret>\\b(?:gh[pousr]_[a-z0-9]{20,}|github_pat_[a-z0-9_]{20,}|glpat-[a-z0-9_-]{16,}|xox[abprs]-[a-z0-9-]{10,}|sk-[a-z0-9_-]{16,}|(?:akia|asia)[a-z0-9]{16}|aiza[a-z0-9_-]{30,}|npm_[a-z0-9]{30,}))", Options),
        new("(?<secret>\\beyj[a-z0-9_-]{8,}\\.[a-z0-9_-]{4,}\\.[a-z0-9_-]*)", Options), // a JSON web token
        new("(?<secret>-----begin [a-z ]*private key-----.*)", Options | RegexOptions.Singleline),
    ];

    // What every built-in rule needs to match at all. Most words of most commands have none of it and are done with at once.
    private static readonly SearchValues<string> NameParts = SearchValues.Create(["pass", "pwd", "secret", "token", "key", "credential", "auth"], StringComparison.OrdinalIgnoreCase);
    private static readonly SearchValues<string> TokenParts = SearchValues.Create(
        ["gh", "glpat-", "xox", "sk-", "akia", "asia", "aiza", "npm_", "eyj", "-----begin"], StringComparison.OrdinalIgnoreCase);
    private static readonly SearchValues<char> Separators = SearchValues.Create("=: ");

    private readonly HashSet<string> _flags;
    private readonly Regex[] _own, _all;

    /// <param name="flags">"--licence", "-p": the value is the next word, what follows "=", or what is attached to a one-letter flag.</param>
    /// <param name="patterns">Regular expressions; what the group "secret" matches is replaced, else the whole match.</param>
    /// <exception cref="ArgumentException">A pattern is none.</exception>
    public RedactionRules(IEnumerable<string> flags, IEnumerable<string> patterns)
    {
        _flags = new(flags, StringComparer.Ordinal);
        _own = [.. patterns.Select(static p => new Regex(p, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant))];
        _all = [.. BuiltIn, .. _own];
    }

    /// <summary>The patterns that may match in a word.</summary>
    public IReadOnlyList<Regex> For(string word) =>
        word.AsSpan().ContainsAny(Separators) || (word.Length >= ShortestToken && word.AsSpan().ContainsAny(TokenParts)) ? _all : _own;

    /// <summary>True: the next word is the secret.</summary>
    public bool IsFlag(string word) => word.Length is > 1 and < 100 && word[0] == '-' && !word.Contains('=', StringComparison.Ordinal)
        && (_flags.Contains(word) || (word.AsSpan().ContainsAny(NameParts) && SecretFlag.IsMatch(word) && !HarmlessFlag.IsMatch(word)));

    /// <summary>Where the secret begins in "--token=abc" or "-pabc"; 0 for none.</summary>
    public int AttachedAt(string word)
    {
        if (word.Length < 3 || word[0] != '-')
        {
            return 0;
        }

        var equals = word.IndexOf('=', StringComparison.Ordinal);
        if (equals > 0)
        {
            return equals + 1 < word.Length && IsFlag(word[..equals]) ? equals + 1 : 0;
        }

        return word[1] != '-' && _flags.Contains(word[..2]) ? 2 : 0;
    }
}
