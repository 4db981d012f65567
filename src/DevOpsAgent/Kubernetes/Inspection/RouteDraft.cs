namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>A rule as its object has it, before it is known what Traefik makes of it.</summary>
/// <param name="Middlewares">References: "name", "ns/name", "ns-name@kubernetescrd", "name@file".</param>
/// <param name="Match">Raw.</param>
internal sealed record RouteDraft(ClusterObject Object, int Rule, string Match, bool Tcp, string Origin)
{
    public IReadOnlyList<string> EntryPoints { get; init; } = [];
    public bool Tls { get; init; }
    public long Priority { get; init; }
    public IReadOnlyList<MiddlewareReference> Middlewares { get; init; } = [];
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary>"v2" or "v3" where the route says so.</summary>
    public string? Syntax { get; init; }

    /// <summary>Why Traefik doesn't serve it, as far as the object itself tells.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>It is in a file: its object is only where the file stands.</summary>
    public bool InFile { get; init; }
}

/// <param name="Name">Raw; may have a provider: "auth@file".</param>
/// <param name="Namespace">Null: that of the route.</param>
internal sealed record MiddlewareReference(string Name, string? Namespace, string Via);
