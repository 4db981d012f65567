using DevOpsAgent.Addresses;

namespace DevOpsAgent.Configuration;

/// <summary>Elasticsearch or OpenSearch: where, as whom, and how detection reads from it.</summary>
internal sealed record ElasticsearchConfig
{
    public string? Url { get; init; }

    /// <summary>Further nodes of the same cluster: asked in turn, and when one doesn't answer.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    public string? Username { get; init; }
    public Secret? Password { get; init; }

    /// <summary>As Elasticsearch shows it: in base64, or as id:secret.</summary>
    public Secret? ApiKey { get; init; }

    /// <summary>Sent as Authorization: Bearer.</summary>
    public Secret? Token { get; init; }

    /// <summary>PEM file of the authorities that sign the nodes' certificates. Null: those of the system.</summary>
    public string? CaFile { get; init; }

    public string IndexPattern { get; init; } = "traefik-logs-*";

    /// <summary>What fields are called, as name=field, where it isn't Traefik's or Elastic's way.</summary>
    public IReadOnlyList<string> Fields { get; init; } = [];

    /// <summary>auto: detection reads from here where no log file is named. on, off.</summary>
    public string Watch { get; init; } = "auto";

    /// <summary>An interval is searched so long after its end: events take that long to arrive.</summary>
    public TimeSpan IngestLag { get; init; } = TimeSpan.FromSeconds(30);

    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How far back the first search goes.</summary>
    public TimeSpan Start { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Proxies before Traefik whose X-Forwarded-For entry is believed.</summary>
    public IReadOnlyList<AddressRange> TrustedProxies { get; init; } = [];

    public bool IsConfigured() => Url is not null || Hosts.Count > 0;
}
