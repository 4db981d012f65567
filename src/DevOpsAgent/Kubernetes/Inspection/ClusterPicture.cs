namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>
/// What an inspection found: everything in it is sorted and free of times and resource versions, so the same cluster gives the
/// same picture whatever order the API answers in. No text in it is longer than <see cref="ShownText.Most"/> or holds control characters;
/// nothing in it comes from the value of a Secret.
/// </summary>
internal sealed record ClusterPicture
{
    /// <summary>Where it was read: "context kind-dev (https://127.0.0.1:6443)".</summary>
    public required string Source { get; init; }

    /// <summary>The kinds that matter here and are served, each in the version that was read.</summary>
    public required IReadOnlyList<ResourceType> Served { get; init; }

    /// <summary>What could not be read, and why: the picture may lack something there.</summary>
    public required IReadOnlyList<Gap> Gaps { get; init; }

    /// <summary>Each Traefik of the cluster with the way to block at it. Empty: there is none, and no trace of one.</summary>
    public required IReadOnlyList<TraefikEdge> Edges { get; init; }

    /// <summary>All that lets or denies by address, in the order: middlewares, routes, lists that Traefik reads, network policies.</summary>
    public required IReadOnlyList<BlockingPattern> Patterns { get; init; }

    /// <summary>Middlewares that have nothing to do with addresses, by kind: "rateLimit: shop/checkout-limit".</summary>
    public required IReadOnlyList<string> OtherMiddlewares { get; init; }

    /// <summary>Every rule of every route object, with what stands in front of it.</summary>
    public required IReadOnlyList<TrafficRoute> Routes { get; init; }

    /// <summary>Whether NetworkPolicy objects do anything here.</summary>
    public required PolicyEnforcement Policies { get; init; }

    /// <summary>How this cluster blocks today, in a few sentences.</summary>
    public required IReadOnlyList<string> Today { get; init; }
}

internal enum GapReason
{
    /// <summary>The API server doesn't offer the kind.</summary>
    NotServed,

    /// <summary>RBAC doesn't let us read it.</summary>
    Forbidden,

    /// <summary>A recording that doesn't hold it.</summary>
    NotRecorded,

    /// <summary>The call failed otherwise.</summary>
    Failed,

    /// <summary>There was more than we look at.</summary>
    TooMany,
}

/// <summary>Something that was not read.</summary>
/// <param name="What">"networkpolicies.networking.k8s.io", "ConfigMap traefik/dynamic".</param>
/// <param name="Consequence">What may be missing from the picture by this, and what to do.</param>
/// <param name="MissingRule">The RBAC rule that is lacking, as YAML; null where that isn't the reason.</param>
internal sealed record Gap(string What, GapReason Reason, string Consequence, string? MissingRule = null);

internal enum Enforcement
{
    Unknown,
    Enforced,
    Ignored,
}

/// <param name="By">"calico"; empty where nothing was recognised.</param>
/// <param name="Reason">What that was read from.</param>
internal sealed record PolicyEnforcement(Enforcement State, string By, string Reason);
