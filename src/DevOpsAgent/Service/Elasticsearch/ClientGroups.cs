using System.Text;
using DevOpsAgent.Addresses;
using DevOpsAgent.Logs;
using DevOpsAgent.Logs.Elasticsearch;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.Service.Elasticsearch;

/// <summary>
/// By which fields events are grouped so that each group belongs to one client, and how all events of a client are found.
/// The client of an event is decided by <see cref="ClientResolver"/> on the event itself; groups only say whom to look at.
/// </summary>
/// <param name="SawForwarded">Some events have a ClientHost that isn't the peer.</param>
/// <param name="SawChain">Some events have several hops in ClientHost.</param>
internal sealed record ClientGroups(EventFields Fields, ClientResolver Resolver, bool SawForwarded, bool SawChain)
{
    private EventField? Host => Fields.Find(EventRole.ClientHost);

    private EventField? Peer => Fields.Find(EventRole.ClientAddr);

    /// <summary>
    /// Without trusted proxies the client is the peer, whatever ClientHost says. ClientHost is the peer as long as Traefik
    /// believes no header; once it does, an attacker may write another one with each request, and only the peer groups.
    /// </summary>
    private bool ByPeer => !Fields.IsEcs && SawForwarded && !Resolver.HasTrustedProxies && Peer is not null;

    /// <summary>Clients whose events one query may ask for. Elasticsearch 7 takes 1024 clauses; a list of terms is one.</summary>
    public int MostClients => ByPeer || SawChain ? 400 : 5000;

    public IReadOnlyList<ClientGroup> All => (Fields.IsEcs, ByPeer) switch
    {
        (false, true) => [new(Peer!.Name, null, IsSpread: true)],
        (false, false) => [new(Host!.Name, null, IsSpread: SawChain)],
        (true, _) when Resolver.HasTrustedProxies && Fields.Find(EventRole.ForwardedIp) is { } forwarded =>
            [new(forwarded.Name, null, IsSpread: false), new(Fields.Find(EventRole.SourceIp)!.Name, Without: forwarded.Name, IsSpread: false)],
        _ => [new(Fields.Find(EventRole.SourceIp)!.Name, null, IsSpread: false)],
    };

    /// <summary>The client that a group's key belongs to: an address, address and port, or hops.</summary>
    public bool TryClient(string key, out ClientAddress client)
    {
        var bytes = Encoding.UTF8.GetBytes(key);
        return Resolver.TryResolve(ClientAddress.None, bytes, out client, out _) && !client.IsNone;
    }

    /// <summary>Events of these clients: all of theirs, and at times some of others.</summary>
    public QueryNode EventsOf(IReadOnlyCollection<ClientAddress> clients, IReadOnlySet<string> keys)
    {
        var names = clients.Select(static c => c.ToString()).ToList();
        var choices = new List<QueryNode>();
        if (Fields.IsEcs)
        {
            choices.AddRange(new[] { Fields.Find(EventRole.SourceIp), Fields.Find(EventRole.ForwardedIp) }.Where(static f => f is not null).Select(f => new TermsQuery(f!.Name, Literals(names))));
        }
        else if (ByPeer)
        {
            // 203.0.113.9:4711 and [2001:db8::9]:4711
            choices.AddRange(clients.Select(c => new PrefixQuery(Peer!.Name, c.IsIPv4 ? $"{c}:" : $"[{c}]:")));
        }
        else
        {
            choices.Add(new TermsQuery(Host!.Name, Literals(names.Concat(keys).Distinct(StringComparer.Ordinal))));
            if (SawChain)
            {
                choices.AddRange(names.Select(n => new WildcardQuery(Host.Name, $"*{n}*")));
            }
        }

        return choices.Count == 1 ? choices[0] : new BoolQuery { Should = choices, MinimumShouldMatch = "1" };
    }

    private static IReadOnlyList<Literal> Literals(IEnumerable<string> values) => [.. values.Select(Literal.Of)];

    /// <summary>Takes what an event shows of hops into account. Null: nothing new.</summary>
    public ClientGroups? Learn(in LogEvent e)
    {
        if (Fields.IsEcs)
        {
            return null;
        }

        var chain = e.ClientHost.Contains((byte)',');
        var forwarded = !e.Peer.IsNone && !(ClientResolver.TryReadHop(e.ClientHost, out var host) && host == e.Peer);
        return (chain && !SawChain) || (forwarded && !SawForwarded) ? this with { SawChain = SawChain || chain, SawForwarded = SawForwarded || forwarded } : null;
    }
}

/// <param name="Without">Only events that lack this field.</param>
/// <param name="IsSpread">One client may stand in many groups, so that their counts have to be added up here.</param>
internal sealed record ClientGroup(string Field, string? Without, bool IsSpread);
