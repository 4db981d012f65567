namespace DevOpsAgent.Kubernetes.Blocking;

internal enum BlockingWay
{
    /// <summary>IngressRoutes of our own (plain, TLS) whose middleware lets nobody through; at TCP entry points the same for TCP.</summary>
    Routes,

    /// <summary>Only at TCP entry points.</summary>
    TcpRoutes,

    /// <summary>Marked lines in a list that Traefik consumes already.</summary>
    ConfigMap,

    /// <summary>A NetworkPolicy on Traefik's pods.</summary>
    NetworkPolicy,
}

/// <summary>A DenyLayout is the form that our objects must have for this cluster's Traefik to read them.</summary>
internal sealed record DenyLayout
{
    public required BlockingWay Way { get; init; }

    /// <summary>For people: why this way.</summary>
    public required string Because { get; init; }

    public required string Namespace { get; init; }

    /// <summary>"devops-agent-deny": what our objects' names begin with.</summary>
    public string Name { get; init; } = "devops-agent-deny";

    /// <summary>"traefik.io", or "traefik.containo.us" up to Traefik 2.9.</summary>
    public string Group { get; init; } = DenyKinds.CurrentGroup;

    /// <summary>For the routes without TLS.</summary>
    public IReadOnlyList<string> EntryPoints { get; init; } = [];

    /// <summary>For their twins with TLS: without those where a TCP server may speak first, as everybody would hang there.</summary>
    public IReadOnlyList<string> TlsEntryPoints { get; init; } = [];

    /// <summary>Entry points of TCP services; these routes have no TLS.</summary>
    public IReadOnlyList<string> TcpEntryPoints { get; init; } = [];

    /// <summary>What Traefik's label selector asks for; on every object of ours.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Where Traefik reads only one class.</summary>
    public string? IngressClass { get; init; }

    /// <summary>Clients come through a balancer: they are matched by the last entry of X-Forwarded-For too.</summary>
    public bool Forwarded { get; init; }

    /// <summary>Traefik 2: its rules call the header matcher HeadersRegexp.</summary>
    public bool SecondSyntax { get; init; }

    /// <summary>"ipAllowList"; "ipWhiteList" up to Traefik 2.10.</summary>
    public string AllowList { get; init; } = "ipAllowList";

    /// <summary>What a denied client gets, where the cluster denies with another status than 403; 0: 403.</summary>
    public int RejectStatus { get; init; }

    /// <summary>For a NetworkPolicy: Traefik's pods.</summary>
    public IReadOnlyDictionary<string, string> PodLabels { get; init; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>For a ConfigMap: its name in <see cref="Namespace"/> and the key.</summary>
    public (string Name, string Key) List { get; init; }

    /// <summary>Why a person must look at each block; empty: mode auto may write.</summary>
    public IReadOnlyList<string> ReviewReasons { get; init; } = [];

    /// <summary>"IngressRoutes traefik/devops-agent-deny".</summary>
    public string Place => Way switch
    {
        BlockingWay.Routes => $"IngressRoutes {Namespace}/{Name}",
        BlockingWay.TcpRoutes => $"IngressRouteTCP {Namespace}/{Name}",
        BlockingWay.ConfigMap => $"ConfigMap {Namespace}/{List.Name}, {List.Key}",
        _ => $"NetworkPolicy {Namespace}/{Name}",
    };
}

/// <summary>This cluster offers no right way to deny; the message says why and what to do.</summary>
internal sealed class LayoutException(string message) : Exception(message);
