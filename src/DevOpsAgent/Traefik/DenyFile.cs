using System.Security.Cryptography;
using System.Text;
using DevOpsAgent.Blocking;

namespace DevOpsAgent.Traefik;

/// <summary>
/// A DenyFile is the content of our file in Traefik's watched directory: a plain and a TLS router of the highest useful
/// priority whose rule matches what is denied, and a middleware that lets nobody through, so they answer 403. The same
/// list always gives the same bytes: any difference on disk was made by somebody else.
/// </summary>
internal static class DenyFile
{
    public const string RouterName = "devops-agent-deny";

    /// <summary>Beats every default (the rule's length) and is exact in 32 bits and in JSON; Traefik keeps the top 1,000 for itself.</summary>
    public const int Priority = 2147482647;

    public const string Header = "# Made by devops-agent. Do not edit: changes are overwritten.";

    private const string HashPrefix = "# sha256 of the lines below: ";

    /// <summary>
    /// The whole file, or an empty string where nothing is to be denied: an empty <c>http:</c> or <c>routers:</c> would
    /// make Traefik refuse every file of the directory, so no file is the only right form of "nothing".
    /// </summary>
    /// <param name="forwarded">True: clients come through a balancer too, and are matched by <see cref="ForwardedRule"/> besides.</param>
    public static string Render(DenyList list, IReadOnlyList<string> entryPoints, bool forwarded = false)
    {
        var rules = Rules(list, forwarded);
        if (rules.Count == 0)
        {
            return "";
        }

        var body = Body(rules, entryPoints);
        var count = list.Ranges.Count;
        return $"""
            {Header}
            # Denies {count} {(count == 1 ? "address or range" : "addresses and ranges")} by answering 403; every other request goes where it went before.
            # To take one back: devops-agent blocks remove ID. By hand: stop devops-agent, then delete this file.
            {HashPrefix}{Hash(body)}

            """ + body;
    }

    /// <summary>The routers that the list makes, with the rule text as Traefik will show it; twins share a rule.</summary>
    public static IReadOnlyList<ExpectedRouter> Routers(DenyList list, bool forwarded = false) =>
        [.. Rules(list, forwarded).SelectMany(static rule =>
        {
            var text = string.Join(' ', rule.Lines);
            return new ExpectedRouter[] { new(rule.Name, text), new(rule.Name + "-tls", text) };
        })];

    /// <summary>True: the text begins as our files do.</summary>
    public static bool IsOurs(string text) => text.StartsWith(Header, StringComparison.Ordinal);

    /// <summary>True: ours, and not a byte of it was changed since.</summary>
    public static bool IsUntouched(string text)
    {
        if (!IsOurs(text))
        {
            return false;
        }

        var start = text.IndexOf(HashPrefix, StringComparison.Ordinal);
        var end = start < 0 ? -1 : text.IndexOf('\n', start);
        return end > 0 && text[(start + HashPrefix.Length)..end] == Hash(text[(end + 1)..]);
    }

    /// <summary>An entry point's name as it may stand in the file unquoted.</summary>
    public static bool IsName(string text) =>
        text.Length is > 0 and <= 100 && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.');

    private static List<(string Name, IReadOnlyList<string> Lines)> Rules(DenyList list, bool forwarded)
    {
        var peers = list.Ranges.Chunk(DenyRule.MaxRanges).Select(shard => DenyRule.Lines(shard, list.CarveOuts)).Where(static lines => lines.Count > 0);
        var hops = (forwarded ? list.Ranges : []).Where(ForwardedRule.Covers).Chunk(ForwardedRule.MaxRanges)
            .Select(shard => ForwardedRule.Text(shard, list.CarveOuts)).Where(static rule => rule.Length > 0);
        return
        [
            .. peers.Select(static (lines, i) => (RouterName + Number(i), lines)),
            .. hops.Select(static (rule, i) => ($"{RouterName}-forwarded{Number(i)}", (IReadOnlyList<string>)[rule])),
        ];
    }

    private static string Body(List<(string Name, IReadOnlyList<string> Lines)> rules, IReadOnlyList<string> entryPoints)
    {
        var text = new StringBuilder("http:\n  routers:\n");
        foreach (var (name, lines) in rules)
        {
            Router(text, name, lines, entryPoints, tls: false);
            Router(text, name + "-tls", lines, entryPoints, tls: true);
        }

        return text.Append("  middlewares:\n    ").Append(RouterName).Append(":\n      ipAllowList:\n        sourceRange:\n          - 255.255.255.255/32\n").ToString();
    }

    private static void Router(StringBuilder text, string name, IReadOnlyList<string> rule, IReadOnlyList<string> entryPoints, bool tls)
    {
        text.Append("    ").Append(name).Append(":\n      entryPoints:\n");
        foreach (var entryPoint in entryPoints)
        {
            text.Append("        - \"").Append(entryPoint).Append("\"\n");
        }

        // Folded: Traefik reads the lines joined by spaces, a person gets one address per line in a diff.
        text.Append("      rule: >-\n");
        foreach (var line in rule)
        {
            text.Append("        ").Append(line).Append('\n');
        }

        text.Append("      priority: ").Append(Priority).Append("\n      middlewares:\n        - ").Append(RouterName)
            .Append("\n      service: noop@internal\n").Append(tls ? "      tls: {}\n" : "");
    }

    private static string Number(int index) => index == 0 ? "" : $"-{index + 1}";

    private static string Hash(string body) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)));
}

/// <summary>A router that Traefik should have after a write, without the "@file" suffix.</summary>
internal sealed record ExpectedRouter(string Name, string Rule);
