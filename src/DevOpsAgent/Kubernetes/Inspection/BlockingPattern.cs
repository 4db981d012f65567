using DevOpsAgent.Addresses;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>In the order in which they are looked for.</summary>
internal enum PatternKind
{
    /// <summary>A Middleware with ipAllowList or ipWhiteList.</summary>
    AllowListMiddleware,

    /// <summary>A Middleware of a plugin that holds addresses (denyip, fail2ban), or that asks somebody who knows (CrowdSec's bouncer).</summary>
    PluginMiddleware,

    /// <summary>A forwardAuth Middleware whose name or address says that it decides by address.</summary>
    AuthMiddleware,

    /// <summary>A MiddlewareTCP with ipAllowList or ipWhiteList.</summary>
    TcpAllowListMiddleware,

    /// <summary>An IngressRoute with a rule that asks for the client's address.</summary>
    AddressRoute,

    /// <summary>The same of an IngressRouteTCP.</summary>
    TcpAddressRoute,

    /// <summary>A TraefikService that a rule about addresses leads to.</summary>
    AddressService,

    /// <summary>An annotation of an Ingress that lists addresses.</summary>
    IngressAnnotation,

    /// <summary>An HTTPRoute that names a Middleware with a list, or matches X-Forwarded-For.</summary>
    GatewayFilter,

    /// <summary>Dynamic configuration in a ConfigMap or Secret that the file provider reads.</summary>
    FileConfiguration,

    /// <summary>A plain list of addresses in a ConfigMap or Secret mounted into Traefik's pods.</summary>
    MountedList,

    /// <summary>A NetworkPolicy with ipBlock.</summary>
    NetworkPolicy,
}

/// <summary>What happens to the addresses that are listed.</summary>
internal enum PatternEffect
{
    Unknown,

    /// <summary>Only they get through.</summary>
    Allows,

    /// <summary>They don't get through.</summary>
    Denies,

    /// <summary>They are led to another service.</summary>
    Routes,
}

/// <summary>Something in the cluster that treats clients by their address.</summary>
internal sealed record BlockingPattern
{
    public required PatternKind Kind { get; init; }

    public required PatternEffect Effect { get; init; }

    public required ObjectRef Object { get; init; }

    /// <summary>Where in the object: "spec.ipAllowList", "spec.routes[2].match", "data[deny.txt]".</summary>
    public required string Path { get; init; }

    /// <summary>What the listed ranges are, sorted, each once. Empty for a Secret: see <see cref="Count"/>.</summary>
    public required IReadOnlyList<AddressRange> Ranges { get; init; }

    /// <summary>How many ranges are listed.</summary>
    public required int Count { get; init; }

    /// <summary>Entries that are no address or range. Traefik drops the whole middleware or router for one of them.</summary>
    public int Invalid { get; init; }

    /// <summary>Whose address is compared: "peer", "forwarded[1]" (the first from the right), "forwarded without excluded", "header X-Real-Ip".</summary>
    public string Compares { get; init; } = "peer";

    /// <summary>An allow list of addresses that no client has: the answer of a deny rule, not a list.</summary>
    public bool DeniesAll { get; init; }

    /// <summary>Status of the refusal; 0: not known.</summary>
    public int Status { get; init; }

    /// <summary>Routes and workloads that it stands in front of: "IngressRoute infra/grafana, rule 1: Host(`grafana.test`) via chain infra/admin-chain".</summary>
    public required IReadOnlyList<string> Protects { get; init; }

    /// <summary>Of the HTTP routes (or TCP routes) that Traefik serves, how many it stands in front of.</summary>
    public int Covers { get; init; }

    public int CoversOf { get; init; }

    /// <summary>Traefik reads the object. False: it is dead; <see cref="Problems"/> says why.</summary>
    public bool Seen { get; init; } = true;

    /// <summary>The agent's own object: label app.kubernetes.io/managed-by: devops-agent.</summary>
    public bool Ours { get; init; }

    /// <summary>Field managers that wrote it: "helm", "team".</summary>
    public IReadOnlyList<string> Managers { get; init; } = [];

    /// <summary>It stands in a Secret: no value of it is kept.</summary>
    public bool Secret { get; init; }

    /// <summary>One more denied client can be expressed in this form.</summary>
    public bool CanDeny { get; init; }

    /// <summary>Why, or why not.</summary>
    public required string CanDenyReason { get; init; }

    public IReadOnlyList<string> Problems { get; init; } = [];
}
