namespace DevOpsAgent.Logs.Elasticsearch;

/// <summary>What is needed of an event, whatever it is called.</summary>
internal enum EventRole : byte
{
    /// <summary>The date that queries go by.</summary>
    Time,

    /// <summary>ClientHost: the peer's address, or the header that was believed.</summary>
    ClientHost,

    /// <summary>ClientAddr: the TCP peer with its port.</summary>
    ClientAddr,

    /// <summary>ECS source.ip: the peer where JSON was shipped, ClientHost where CLF was.</summary>
    SourceIp,

    /// <summary>ECS network.forwarded_ip: ClientHost, where it isn't the peer.</summary>
    ForwardedIp,

    /// <summary>With query. ECS: url.original, which may be a whole URL.</summary>
    Path,
    Status,
    Method,
    Host,
    Agent,
    User,
    Router,
    EntryPoint,
    RequestCount,
    Duration,
    Size,
    Start,
}

/// <summary>A field as it is asked: its exact form for queries and groups, and where its value stands in the source.</summary>
/// <param name="Name">For queries: RequestPath.keyword.</param>
/// <param name="Source">In _source: RequestPath.</param>
/// <param name="Kind">Elasticsearch's type.</param>
internal sealed record EventField(string Name, string Source, string Kind)
{
    /// <summary>Long values are in the source and in a text twin, but not in this field (ignore_above).</summary>
    public bool HasTwin => Name != Source;
}

/// <summary>The fields of one index pattern by what they mean. Immutable.</summary>
internal sealed class EventFields(IReadOnlyDictionary<EventRole, EventField> fields, bool isEcs)
{
    /// <summary>Elastic's names instead of Traefik's.</summary>
    public bool IsEcs => isEcs;

    public EventField Time => fields[EventRole.Time];

    public EventField Path => fields[EventRole.Path];

    public EventField Status => fields[EventRole.Status];

    public EventField? Find(EventRole role) => fields.GetValueOrDefault(role);

    /// <summary>What the source must hold for a line to be made of it.</summary>
    public IReadOnlyList<string> Sources => [.. fields.Values.Select(static f => f.Source).Concat(isEcs ? EcsExtras : []).Distinct(StringComparer.Ordinal)];

    private static readonly string[] EcsExtras = ["source.address", "source.port", "url.path", "url.query", "url.domain", "url.scheme"];

    /// <summary>"client ClientHost.keyword, path RequestPath.keyword, …" for people.</summary>
    public string Description => string.Join(", ", fields.OrderBy(static f => f.Key).Select(static f => $"{FieldResolver.NameOf(f.Key)} {f.Value.Name}"));
}
