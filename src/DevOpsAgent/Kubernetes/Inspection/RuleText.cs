using System.Text;
using System.Text.RegularExpressions;
using DevOpsAgent.Addresses;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>One call in a rule: ClientIP(`203.0.113.7`).</summary>
/// <param name="Negated">An odd number of ! stands before it, parentheses counted.</param>
internal sealed record RuleCall(string Name, IReadOnlyList<string> Arguments, bool Negated)
{
    public bool Is(string name) => Name.Equals(name, StringComparison.OrdinalIgnoreCase);
}

/// <summary>A rule of Traefik's, taken apart as far as addresses and hosts go. Reading never fails: what can't be read is <see cref="Broken"/>.</summary>
internal sealed partial class RuleText
{
    private static readonly string[] AddressHeaders = ["x-forwarded-for", "x-real-ip", "forwarded", "cf-connecting-ip", "true-client-ip", "x-client-ip", "x-original-forwarded-for"];

    private RuleText(IReadOnlyList<RuleCall> calls, bool gate, bool broken)
    {
        (Calls, Gate, Broken) = (calls, gate && !broken, broken);
        Peer = [.. calls.Where(static c => c.Is("ClientIP"))];
        Headers = [.. calls.Where(static c => IsAddressHeader(c))];
        Hosts = [.. calls.Where(static c => !c.Negated && (c.Is("Host") || c.Is("HostSNI"))).SelectMany(static c => c.Arguments).Select(static a => a.ToLowerInvariant()).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    public IReadOnlyList<RuleCall> Calls { get; }

    public bool Broken { get; }

    /// <summary>Whoever gets through the rule was asked for the address: it is not one of several ways in.</summary>
    public bool Gate { get; }

    /// <summary>The ClientIP() calls.</summary>
    public IReadOnlyList<RuleCall> Peer { get; }

    /// <summary>Header matchers on a header that carries the client's address.</summary>
    public IReadOnlyList<RuleCall> Headers { get; }

    /// <summary>Of Host() and HostSNI(), in lower case. Empty: any.</summary>
    public IReadOnlyList<string> Hosts { get; }

    public bool AboutAddresses => Peer.Count + Headers.Count > 0;

    /// <summary>It asks for nothing but addresses: it takes every request of those clients.</summary>
    public bool OnlyAddresses => AboutAddresses && !Broken && Calls.All(c => c.Is("ClientIP") || IsAddressHeader(c) || IsCatchAll(c));

    public bool Negated => Peer.Concat(Headers).Any(static c => c.Negated);

    public AddressTexts Addresses
    {
        get
        {
            var peers = AddressTexts.Read(Peer.SelectMany(static c => c.Arguments));
            var headers = AddressTexts.Read(Headers.SelectMany(static c => c.Arguments.Skip(1)).SelectMany(InHeader));
            return new([.. peers.Ranges.Concat(headers.Ranges).Distinct().Order()], peers.Invalid);
        }
    }

    public string Compares => Peer.Count > 0 ? "peer" : Headers.Count > 0 ? $"header {ShownText.Of(Headers[0].Arguments[0], 60)}" : "";

    public static RuleText Read(string rule)
    {
        var calls = new List<RuleCall>();
        var groups = new Stack<RuleGroup>();
        var group = new RuleGroup(false);
        var (not, broken) = (false, false);
        for (var i = 0; i < rule.Length && !broken;)
        {
            var c = rule[i];
            if (c == '!')
            {
                not = !not;
                i++;
            }
            else if (c == '(')
            {
                groups.Push(group);
                (group, not) = (new(group.Negated ^ not), false);
                i++;
            }
            else if (c == ')')
            {
                broken = !groups.TryPop(out var outer);
                outer?.Term(group.Gates);
                (group, not) = (outer ?? group, false);
                i++;
            }
            else if (char.IsAsciiLetter(c))
            {
                var end = i;
                while (end < rule.Length && char.IsAsciiLetterOrDigit(rule[end]))
                {
                    end++;
                }

                var name = rule[i..end];
                i = end;
                broken = !TryArguments(rule, ref i, out var arguments);
                var call = new RuleCall(name, arguments, group.Negated ^ not);
                calls.Add(call);
                group.Term(call.Is("ClientIP") || IsAddressHeader(call));
                not = false;
            }
            else
            {
                broken = c is not (' ' or '\t' or '\n' or '\r' or '&' or '|');
                if (c == '|')
                {
                    group.Or();
                }

                i++;
            }
        }

        return new(calls, group.Gates, broken || groups.Count > 0);
    }

    // (`a`, "b")
    private static bool TryArguments(string rule, ref int i, out List<string> arguments)
    {
        arguments = [];
        if (i >= rule.Length || rule[i] != '(')
        {
            return false;
        }

        for (i++; i < rule.Length;)
        {
            switch (rule[i])
            {
                case ')':
                    i++;
                    return true;
                case '`' or '"' or '\'':
                    if (!TryQuoted(rule, ref i, out var text))
                    {
                        return false;
                    }

                    arguments.Add(text);
                    break;
                case ' ' or ',' or '\t' or '\n' or '\r':
                    i++;
                    break;
                default:
                    return false;
            }
        }

        return false;
    }

    private static bool TryQuoted(string rule, ref int i, out string text)
    {
        var quote = rule[i++];
        var value = new StringBuilder();
        for (; i < rule.Length; i++)
        {
            if (rule[i] == quote)
            {
                i++;
                text = value.ToString();
                return true;
            }

            // Only backticks are raw.
            if (rule[i] == '\\' && quote != '`' && i + 1 < rule.Length)
            {
                i++;
            }

            value.Append(rule[i]);
        }

        text = "";
        return false;
    }

    private static bool IsAddressHeader(RuleCall call) =>
        (call.Is("Header") || call.Is("Headers") || call.Is("HeaderRegexp") || call.Is("HeadersRegexp")) && call.Arguments.Count > 1 && AddressHeaders.Contains(call.Arguments[0].ToLowerInvariant());

    private static bool IsCatchAll(RuleCall call) =>
        (call.Is("HostSNI") && call.Arguments is ["*"]) || (call.Is("PathPrefix") && call.Arguments is ["/"]) || (call.Is("HostRegexp") && call.Arguments is [".+" or ".*" or "^.+$" or "^.*$"]);

    // "(?:^|,\s*)203\.0\.113\.8$" -> 203.0.113.8
    private static IEnumerable<string> InHeader(string text) => AddressRange.TryParse(text, out _)
        ? [text]
        : Quad().Matches(text.Replace("\\.", ".", StringComparison.Ordinal)).Select(static m => m.Value);

    [GeneratedRegex(@"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?![\d.])", RegexOptions.None, 1000)]
    private static partial Regex Quad();
}
