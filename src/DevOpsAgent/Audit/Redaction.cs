using System.Text;
using System.Text.RegularExpressions;

namespace DevOpsAgent.Audit;

/// <summary>
/// Replaces secrets in argv by a keyed hash: "[redacted:3f9a0c41d2b75e68]". The same secret gives the same hash within one
/// log, so that its use can be followed; it is an HMAC-SHA-256 under the key ring's own key, so that without it not even a
/// short password can be found by trying.
/// </summary>
internal sealed class Redaction(RedactionRules rules, Func<byte[], byte[]> mac)
{
    // 64 bits: enough to tell secrets of one log apart.
    private const int HashDigits = 16;

    public IReadOnlyList<string> Apply(IReadOnlyList<string> argv)
    {
        string[]? changed = null;
        for (var i = 0; i < argv.Count; i++)
        {
            var word = argv[i];
            var safe = i > 0 && rules.IsFlag(argv[i - 1]) && word.Length > 0 ? Hidden(word) : Word(word);
            if (!ReferenceEquals(safe, word))
            {
                changed ??= [.. argv];
                changed[i] = safe;
            }
        }

        return changed ?? argv;
    }

    private string Word(string word)
    {
        if (rules.AttachedAt(word) is > 0 and var at)
        {
            return word[..at] + Hidden(word[at..]);
        }

        foreach (var pattern in rules.For(word))
        {
            if (pattern.IsMatch(word))
            {
                word = pattern.Replace(word, Hide);
            }
        }

        return word;
    }

    private string Hide(Match match)
    {
        var secret = match.Groups["secret"];
        if (!secret.Success)
        {
            return Hidden(match.Value);
        }

        // A rule that comes later may find the mark of an earlier one.
        var start = secret.Index - match.Index;
        return secret.Value.StartsWith("[redacted:", StringComparison.Ordinal)
            ? match.Value
            : match.Value[..start] + Hidden(secret.Value) + match.Value[(start + secret.Length)..];
    }

    private string Hidden(string secret) =>
        $"[redacted:{Convert.ToHexStringLower(mac(Encoding.UTF8.GetBytes(secret)))[..HashDigits]}]";
}
