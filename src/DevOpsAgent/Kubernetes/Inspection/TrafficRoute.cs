namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>One rule of an IngressRoute, IngressRouteTCP, Ingress or HTTPRoute, or of a file that Traefik reads.</summary>
internal sealed record TrafficRoute
{
    public required ObjectRef Object { get; init; }

    /// <summary>From 1.</summary>
    public required int Rule { get; init; }

    /// <summary>"Host(`shop.test`) &amp;&amp; PathPrefix(`/checkout`)"; for an Ingress or HTTPRoute its host and path in the same words.</summary>
    public required string Match { get; init; }

    public required bool Tcp { get; init; }

    /// <summary>As the object says; empty: the default ones.</summary>
    public required IReadOnlyList<string> EntryPoints { get; init; }

    /// <summary>The router is for TLS.</summary>
    public required bool Tls { get; init; }

    public long Priority { get; init; }

    /// <summary>The middlewares in their order, chains taken apart: those of the entry points first.</summary>
    public required IReadOnlyList<AppliedMiddleware> Middlewares { get; init; }

    public required IReadOnlyList<string> Services { get; init; }

    /// <summary>A Traefik reads it. False: <see cref="Problems"/> says why not.</summary>
    public required bool Seen { get; init; }

    public required IReadOnlyList<string> Problems { get; init; }

    /// <summary>The agent's own deny route.</summary>
    public bool Ours { get; init; }
}

/// <param name="Object">Null: it is in a file, or there is no such object.</param>
/// <param name="Via">"chain infra/admin-chain", "entry point websecure", "annotation"; empty: named by the route.</param>
internal sealed record AppliedMiddleware(string Name, ObjectRef? Object, string Via);
