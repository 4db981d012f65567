using System.Globalization;
using System.Numerics;
using DevOpsAgent.Addresses;

namespace DevOpsAgent.Logs;

/// <summary>What stands between the clients and Traefik, as far as the log shows.</summary>
internal enum TopologyVerdict
{
    /// <summary>Too few lines, or none that name the TCP peer (CLF).</summary>
    Unknown,

    /// <summary>Clients connect to Traefik itself.</summary>
    Direct,

    /// <summary>Nearly all connections come from a balancer or proxy: blocking a TCP peer would block everybody.</summary>
    BehindBalancer,

    /// <summary>Traefik believes X-Forwarded-For of anybody (forwardedHeaders.insecure).</summary>
    HeaderSpoofed,
}

/// <param name="Sentence">What was seen, and what to do, in plain words.</param>
/// <param name="ProposedTrustedProxies">Peers that look like balancers and are not trusted yet; at most 16. To be checked by a person before use: a client with many invented headers looks the same.</param>
internal sealed record TopologyReport(TopologyVerdict Verdict, string Sentence, IReadOnlyList<AddressRange> ProposedTrustedProxies, long Lines, long LinesWithoutPeer)
{
    private const int MinLines = 20;
    private const int MaxProposed = 16;

    private static readonly AddressRange[] s_private =
    [
        AddressRange.Parse("10.0.0.0/8"), AddressRange.Parse("172.16.0.0/12"), AddressRange.Parse("192.168.0.0/16"),
        AddressRange.Parse("127.0.0.0/8"), AddressRange.Parse("169.254.0.0/16"), AddressRange.Parse("100.64.0.0/10"),
        AddressRange.Parse("::1"), AddressRange.Parse("fc00::/7"), AddressRange.Parse("fe80::/10"),
    ];

    /// <summary>True: a block by TCP peer would hit the balancer, and a block of the client behind it would do nothing. Mode auto is refused.</summary>
    public bool PeerBlockHitsBalancer => Verdict == TopologyVerdict.BehindBalancer;

    /// <summary>Lines that came through two trusted proxies in a row.</summary>
    public long Chained { get; private init; }

    /// <summary>Why no block of this client is right however it is written; null: nothing speaks against it.</summary>
    /// <param name="forwarded">The client was read from X-Forwarded-For.</param>
    public string? NoForm(ClientAddress client, bool forwarded) =>
        ProposedTrustedProxies.Any(p => p.Contains(client))
            ? $"{client} forwards for others, as a balancer does: a block would deny everybody behind it. If it is one, name it in logs[].trusted_proxies; if it is not, deny it by hand with 'devops-agent blocks add'."
        : forwarded && Chained > 0
            ? Text($"{Chained} lines came through two trusted proxies in a row: Traefik's rule can match only the last entry of X-Forwarded-For, which is the inner proxy. Block at the outer one, or use PROXY protocol.")
        : null;

    internal static TopologyReport From(
        long lines, long withoutPeer, IReadOnlyDictionary<ClientAddress, PeerLines> peers, PeerLines others, ClientResolver resolver)
    {
        TopologyReport Say(TopologyVerdict verdict, string sentence, IReadOnlyList<AddressRange>? proposed = null) =>
            new(verdict, sentence, proposed ?? [], lines, withoutPeer) { Chained = peers.Values.Sum(static p => p.Chained) + others.Chained };

        if (lines < MinLines)
        {
            return Say(TopologyVerdict.Unknown, withoutPeer > lines
                ? "The log is in the common log format, which doesn't name the TCP peer: whether a balancer stands in front can't be seen. Set accessLog.format to json."
                : Text($"Only {lines} lines name the TCP peer; {MinLines} are needed to tell whether a balancer stands in front."));
        }

        var balancers = peers.Where(p => IsBalancer(p.Key, p.Value, resolver)).OrderByDescending(p => p.Value.Count).ToArray();
        var throughBalancers = balancers.Sum(p => p.Value.Count);
        var forwarded = peers.Values.Sum(p => p.Forwarded) + others.Forwarded;
        var trusted = Array.Exists(balancers, p => resolver.IsTrusted(p.Key));
        var known = balancers.All(p => resolver.IsTrusted(p.Key) || IsPrivate(p.Key));

        // One client with a hundred invented headers looks like a small balancer. A public peer passes for one only if it
        // carries most of the traffic; a private or configured one is believed earlier.
        if (balancers.Length > 0 && (trusted || throughBalancers >= lines * 0.8 || (known && throughBalancers >= lines * 0.05)))
        {
            AddressRange[] proposed = [.. balancers.Where(p => !resolver.IsTrusted(p.Key)).Take(MaxProposed).Select(p => AddressRange.Single(p.Key))];
            return Say(TopologyVerdict.BehindBalancer, Balanced(throughBalancers, lines, balancers.Length, proposed), proposed);
        }

        if (forwarded > 0)
        {
            var senders = peers.Count(p => p.Value.Forwarded > 0);
            return Say(TopologyVerdict.HeaderSpoofed, Text(
                $"{forwarded} of {lines} lines name another client than the TCP peer, from {senders} peers that are no balancer: Traefik believes X-Forwarded-For of anybody, so a client can pretend any address to the services behind. Remove forwardedHeaders.insecure from the entry point (or set forwardedHeaders.trustedIPs). The TCP peer counts as the client here."));
        }

        if (others.Count == 0 && peers.Count <= 4 && lines >= 50 && peers.Keys.All(IsPrivate))
        {
            // Docker's or a cluster's own network address translation, or a balancer whose header Traefik doesn't accept.
            AddressRange[] proposed = [.. peers.Keys.Where(p => !resolver.IsTrusted(p)).Select(AddressRange.Single)];
            return Say(TopologyVerdict.BehindBalancer, Text(
                $"All {lines} lines come from {peers.Count} private addresses ({string.Join(", ", peers.Keys.Order())}): a balancer or a container network's gateway seems to hide the clients. Pass on the client's address (PROXY protocol, externalTrafficPolicy: Local, host networking), or let Traefik accept the balancer's header (forwardedHeaders.trustedIPs) and name it in logs[].trusted_proxies."), proposed);
        }

        return Say(TopologyVerdict.Direct, Text($"{peers.Count}{(others.Count > 0 ? " or more" : "")} peers in {lines} lines, and ClientHost is the TCP peer in all of them: clients reach Traefik directly."));
    }

    // Nearly all of its requests are for others, and for several.
    private static bool IsBalancer(ClientAddress peer, PeerLines lines, ClientResolver resolver) =>
        (lines.Forwarded > 0 && resolver.IsTrusted(peer))
        || (lines.Count >= 5 && lines.Forwarded >= lines.Count * 0.9 && BitOperations.PopCount(lines.Clients) >= 3);

    private static bool IsPrivate(ClientAddress address) => Array.Exists(s_private, range => range.Contains(address));

    private static string Balanced(long through, long lines, int count, AddressRange[] proposed)
    {
        var seen = Text($"{through} of {lines} lines come through {count} peers that forward for others. ");
        return seen + (proposed.Length > 0
            ? Text($"If these are your balancers, set logs[].trusted_proxies to {string.Join(", ", proposed.Select(p => p.ToCidr()))}{(count > proposed.Length ? " and the rest of their ranges" : "")}, so that clients are told apart. A block would act on the TCP peer, which is the balancer: mode auto is refused.")
            : "They are trusted, so clients are told apart and denied by the last entry of X-Forwarded-For, which the balancer must write itself: mode auto is refused, a person approves. PROXY protocol between balancer and Traefik needs no trust in a header.");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
