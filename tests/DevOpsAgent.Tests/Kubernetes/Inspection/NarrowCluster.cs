using System.Text.Json.Nodes;
using DevOpsAgent.Kubernetes;
using DevOpsAgent.Kubernetes.Inspection;

namespace DevOpsAgent.Tests.Kubernetes.Inspection;

/// <summary>A cluster whose RBAC lets workloads be listed in namespace traefik only, as a narrow Role does.</summary>
internal sealed class NarrowCluster(RecordedCluster inner) : ReadOnlyCluster
{
    public override string Description => inner.Description;

    /// <summary>No call is answered.</summary>
    public bool Down { get; init; }

    public override Task<IReadOnlyList<ResourceType>> DiscoverAsync(CancellationToken cancellationToken) =>
        Down ? throw new KubernetesException(KubernetesFault.Unavailable, "no answer") : inner.DiscoverAsync(cancellationToken);

    public override Task<JsonObject?> GetAsync(ResourceType type, string? ns, string name, CancellationToken cancellationToken) => inner.GetAsync(type, ns, name, cancellationToken);

    public override Task<ObjectList> ListAsync(ResourceType type, string? ns, Selection selection, CancellationToken cancellationToken) =>
        type.Group == "apps" && ns != "traefik"
            ? Task.FromException<ObjectList>(new KubernetesException(KubernetesFault.Forbidden, "forbidden") { StatusCode = 403, Reason = "Forbidden" })
            : inner.ListAsync(type, ns, selection, cancellationToken);
}
