using System.Text.RegularExpressions;
using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Agent.Guardrails;

/// <summary>
/// What comes from the model, before anybody reads it: secrets, addresses that nothing it saw holds, URLs. A model that obeys
/// an attacker names a victim, or sends people to a page.
/// </summary>
internal sealed class OutputRails(GuardrailsConfig config)
{
    public const string NoAddress = "[address without evidence removed]";
    public const string NoUrl = "[link removed]";
    private const string NoMark = "[mark removed]";

    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    private static readonly Regex Url = new("(?:[a-z][a-z0-9+.-]{1,20}:(?://|\\\\\\\\)|//[a-z0-9-]+\\.|www\\.|(?:javascript|data|vbscript|mailto|tel):)[^\\s\"'<>`\\])}]*", Options);
    private static readonly Regex Address = new("[0-9]{1,5}(?:\\.[0-9]{1,5}){3}(?:/[0-9]{1,2})?|(?:[0-9a-f]{0,4}:){2,7}[0-9a-f.]{0,15}(?:%[a-z0-9]{1,15})?(?:/[0-9]{1,3})?", Options);
    private static readonly Regex Clock = new("^[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\\.[0-9]*)?$", Options);

    private static readonly Regex Mark = new("<\\|[^|>]{0,40}\\|>|</?(?:tool_?(?:result|call|response|use)s?|function_?(?:result|call)s?|system|assistant|user|human)(?: [^>]{0,40})?>|\\[/?INST\\]|<</?SYS>>", Options);

    private readonly GuardrailPolicy _secrets = GuardrailPolicies.Of(config.Output.Secrets, config.OutputPolicy);
    private readonly GuardrailPolicy _addresses = GuardrailPolicies.Of(config.Output.Addresses, config.OutputPolicy);
    private readonly GuardrailPolicy _urls = GuardrailPolicies.Of(config.Output.Urls, config.OutputPolicy);

    /// <param name="seen">The addresses that the model was shown.</param>
    /// <returns>Null: <paramref name="text"/> may be shown; else why it is withheld.</returns>
    public string? Screen(ref string text, Func<AddressRange, bool> seen, GuardrailLog log)
    {
        if (!config.Enabled || text.Length == 0)
        {
            return null;
        }

        // A chat mark in an answer goes back to the model with the next question, as if it were one.
        text = Mark.Replace(Narrow(text), NoMark);
        var safe = SecretText.Remove(text, out var secrets);
        if (Judge("output secrets", _secrets, secrets, log))
        {
            return "it holds a secret";
        }

        safe = _secrets == GuardrailPolicy.Sanitize ? safe : text;
        var urls = 0;
        var without = Url.Replace(safe, _ => { urls++; return NoUrl; });
        if (Judge("output urls", _urls, urls, log))
        {
            return "it holds a URL";
        }

        safe = _urls == GuardrailPolicy.Sanitize ? without : safe;
        var strange = 0;
        without = Address.Replace(safe, m =>
        {
            if (!IsAddress(m.Value) || (IsCanonical(m.Value, out var range) && seen(range)))
            {
                return m.Value;
            }

            strange++;
            return NoAddress;
        });
        if (Judge("output addresses", _addresses, strange, log))
        {
            return "it names an address that the evidence doesn't hold";
        }

        text = _addresses == GuardrailPolicy.Sanitize ? without : safe;
        return null;
    }

    /// <summary>Canonical form only: 010.0.0.1 and ::ffff:10.0.0.1 are two ways to write what other programs read as something else.</summary>
    public static bool IsCanonical(string text, out AddressRange range)
    {
        var bare = text.EndsWith("/32", StringComparison.Ordinal) || text.EndsWith("/128", StringComparison.Ordinal) ? text[..text.LastIndexOf('/')] : text;
        return AddressRange.TryParse(text, out range) && (bare == range.ToString() || text == range.ToCidr());
    }

    /// <summary>Full-width letters, digits and dots as plain ones: an address in them is an address to whoever copies it.</summary>
    private static string Narrow(string text) => !text.AsSpan().ContainsAnyInRange('\uFF01', '\uFF5E') ? text
        : string.Create(text.Length, text, static (to, from) =>
        {
            for (var i = 0; i < to.Length; i++)
            {
                to[i] = from[i] is >= '\uFF01' and <= '\uFF5E' ? (char)(from[i] - 0xFEE0) : from[i];
            }
        });

    /// <summary>Not a time of day, nor a fragment such as "a::".</summary>
    private static bool IsAddress(string text) => text.Contains('.', StringComparison.Ordinal) && !text.Contains(':', StringComparison.Ordinal)
        || (!Clock.IsMatch(text) && (text.Contains("::", StringComparison.Ordinal) ? text.Length > 4 : text.Split('/')[0].Count(static c => c == ':') == 7));

    private static bool Judge(string what, GuardrailPolicy policy, int count, GuardrailLog log)
    {
        log.Add(what, policy, count);
        return count > 0 && policy == GuardrailPolicy.Block;
    }
}
