namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>The ways to block, in the order in which they are preferred.</summary>
internal enum WayKind
{
    /// <summary>More objects of our own in the form in which the cluster denies already.</summary>
    ExistingPattern,

    /// <summary>Our own deny IngressRoutes (plain and TLS) with a deny-all Middleware.</summary>
    DenyRoutes,

    /// <summary>Our own IngressRouteTCP with a deny-all MiddlewareTCP, for entry points that carry no HTTP.</summary>
    TcpDenyRoutes,

    /// <summary>A list in a ConfigMap that Traefik reads already; only where the user names it.</summary>
    ConfigMapList,

    /// <summary>A NetworkPolicy on Traefik's pods.</summary>
    NetworkPolicy,

    /// <summary>Nothing can be done through the API.</summary>
    None,
}

/// <summary>One way with what speaks for and against it here.</summary>
/// <param name="Chosen">It is the way, or (TcpDenyRoutes) goes along with it.</param>
/// <param name="Possible">False: a reason against it forbids it.</param>
internal sealed record WayVerdict(WayKind Kind, bool Chosen, bool Possible, IReadOnlyList<string> For, IReadOnlyList<string> Against);

/// <summary>How to block at one Traefik.</summary>
internal sealed record ChosenWay
{
    /// <summary>For HTTP; None: <see cref="Reason"/> says what to change.</summary>
    public required WayKind Kind { get; init; }

    /// <summary>One sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>All ways but None, in their order.</summary>
    public required IReadOnlyList<WayVerdict> Ways { get; init; }

    /// <summary>For ExistingPattern: what is imitated.</summary>
    public BlockingPattern? Model { get; init; }

    /// <summary>Why a person must look at each block: mode auto is refused. Empty: auto may block.</summary>
    public required IReadOnlyList<string> ReviewReasons { get; init; }

    /// <summary>Null for None.</summary>
    public DenyPlacement? Placement { get; init; }
}

/// <summary>Where our objects must be, and what they must carry, for this Traefik to read them.</summary>
internal sealed record DenyPlacement
{
    /// <summary>"traefik.io/v1alpha1" or "traefik.containo.us/v1alpha1".</summary>
    public required string ApiVersion { get; init; }

    /// <summary>Traefik's own where it watches that.</summary>
    public required string Namespace { get; init; }

    /// <summary>Labels by which Traefik selects: on route, middleware and service.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>Value of the annotation kubernetes.io/ingress.class; null: none is needed.</summary>
    public required string? IngressClass { get; init; }

    /// <summary>"ipAllowList", or "ipWhiteList" before 2.11.</summary>
    public required string AllowList { get; init; }

    /// <summary>"v2" or "v3".</summary>
    public required string RuleSyntax { get; init; }

    /// <summary>Entry points that serve HTTP, for the plain router and, all but UDP ones, for the TLS twin.</summary>
    public required IReadOnlyList<DenyEntryPoint> EntryPoints { get; init; }

    /// <summary>Entry points that carry TCP services and no HTTP.</summary>
    public required IReadOnlyList<DenyEntryPoint> TcpEntryPoints { get; init; }

    /// <summary>"2s": Traefik reads changes at most so often.</summary>
    public required string Throttle { get; init; }
}

/// <param name="Plain">A router without tls is wanted on it.</param>
/// <param name="Tls">The twin with tls is wanted on it. False where a TCP service whose server may speak first is on it: the twin would hang it.</param>
internal sealed record DenyEntryPoint(string Name, bool Plain, bool Tls, ClientSight Sight, string SightReason);
