using System.Buffers;
using System.Net;
using System.Text.RegularExpressions;

namespace DevOpsAgent.Agent.Guardrails;

/// <summary>
/// Secrets in text from logs and from models: tokens, passwords, cookies, keys. What names a client or a time is no secret:
/// addresses and numbers of seconds pass, unless they stand where a password does.
/// </summary>
internal static class SecretText
{
    public const string Mark = "[secret removed]";

    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    private const string Names = "(?:[a-z0-9]+[-_.])*(?:password|passwd|passphrase|pwd|pass|secret|token|apikey|api[-_]?key|access[-_]?key|secret[-_]?key|private[-_]?key|auth[-_]?key|client[-_]?secret|credentials?|authorization|signature|otp|jwt)";

    private static readonly Regex[] Patterns =
    [
        new("(?:^|[^a-z])bearer(?: |\\+|%20|\\t|:|=)+(?<secret>[a-z0-9._~+/=%-]{6,})", Options),
        new("(?:^|[^a-z])(?:basic|negotiate|digest|ntlm)(?: |\\+|%20|\\t)+(?<token>[a-z0-9._~+/=%-]{8,})", Options),
        new($"(?:^|[^a-z0-9]){Names}[\"']? *(?:=|:|%3d|%3a) *[\"']?(?<secret>[^&;,\\s\"'#}}<>]+)", Options),
        new("(?:^|[?&;])key=(?<secret>[^&;,\\s\"'#<>]{8,})", Options),
        new("(?:phpsessid|jsessionid|sessionid|session_id|session|sid|connect\\.sid|csrf[a-z_-]*|xsrf[a-z_-]*)=(?<secret>[^&;,\\s\"'<>]{4,})", Options),
        new("(?:^|[^a-z])(?:set-)?cookie *: *(?<secret>[^\\r\\n\"]+)", Options),
        new("[a-z][a-z0-9+.-]*://[^/?#@\\s:]*:(?<secret>[^/?#@\\s]+)@", Options), // the password of a URL
        new("(?<secret>(?:gh[pousr]_[a-z0-9]{20,}|github_pat_[a-z0-9_]{20,}|glpat-[a-z0-9_-]{16,}|xox[abprs]-[a-z0-9-]{10,}|sk-[a-z0-9_-]{16,}|(?:akia|asia)[a-z0-9]{16}|aiza[a-z0-9_-]{30,}|npm_[a-z0-9]{30,}|ya29\\.[a-z0-9_-]{20,}))", Options),
        new("(?<secret>eyj[a-z0-9_-]{8,}\\.[a-z0-9_-]{4,}\\.[a-z0-9_-]*)", Options), // a JSON web token
        new("(?<secret>-----begin [a-z ]*private key-----.*)", Options | RegexOptions.Singleline),
    ];

    // What any pattern needs to match at all. Most values of most logs have none of it.
    private static readonly SearchValues<string> Parts = SearchValues.Create(
    [
        "bearer", "basic", "negotiate", "digest", "ntlm", "pass", "pwd", "secret", "token", "key=", "key:", "key\"", "credential", "auth", "signature", "otp", "jwt",
        "sess", "sid=", "csrf", "xsrf", "cookie", "://", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat", "glpat-", "xox", "sk-", "akia", "asia", "aiza", "npm_", "ya29.", "eyj", "-----begin", "key%3", "key '",
    ], StringComparison.OrdinalIgnoreCase);

    /// <summary>True: this is a field whose value is a secret whatever it looks like, such as request_Cookie.</summary>
    public static bool IsSecretField(string name) => name.AsSpan().ContainsAny(FieldParts);

    private static readonly SearchValues<string> FieldParts = SearchValues.Create(["authorization", "cookie", "password", "passwd", "secret", "api-key", "api_key", "x-auth", "token"], StringComparison.OrdinalIgnoreCase);

    /// <summary>The text without its secrets, and how many there were.</summary>
    public static string Remove(string text, out int count)
    {
        count = 0;
        if (text.Length < 6 || !text.AsSpan().ContainsAny(Parts))
        {
            return text;
        }

        var found = 0;
        foreach (var pattern in Patterns)
        {
            text = pattern.Replace(text, match => Hide(match, ref found));
        }

        count = found;
        return text;
    }

    private static string Hide(Match match, ref int found)
    {
        var secret = match.Groups["secret"];
        if (!secret.Success)
        {
            secret = match.Groups["token"];
            if (!LooksRandom(secret.Value))
            {
                return match.Value;
            }
        }

        // A pattern that comes later meets the mark of an earlier one; a client's address is what the log is for.
        if (secret.Value.StartsWith('[') || IPAddress.TryParse(secret.ValueSpan.TrimEnd('.'), out var address) && secret.ValueSpan.Contains(address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? "." : ":", StringComparison.Ordinal))
        {
            return match.Value;
        }

        found++;
        var start = secret.Index - match.Index;
        return match.Value[..start] + Mark + match.Value[(start + secret.Length)..];
    }

    /// <summary>"basic authentication" is no credential.</summary>
    private static bool LooksRandom(string text) => text.AsSpan().ContainsAnyInRange('0', '9') || text.Contains('=', StringComparison.Ordinal) || text.AsSpan(1).ContainsAnyInRange('A', 'Z');
}
