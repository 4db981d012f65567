using System.Text.Json.Nodes;
using DevOpsAgent.Kubernetes;

namespace DevOpsAgent.Tests.Kubernetes.Inspection;

/// <summary>An inspection only reads: any other call fails the test.</summary>
internal abstract class ReadOnlyCluster : IKubernetesApi
{
    public abstract string Description { get; }

    public abstract Task<IReadOnlyList<ResourceType>> DiscoverAsync(CancellationToken cancellationToken);

    public abstract Task<JsonObject?> GetAsync(ResourceType type, string? ns, string name, CancellationToken cancellationToken);

    public abstract Task<ObjectList> ListAsync(ResourceType type, string? ns, Selection selection, CancellationToken cancellationToken);

    public IAsyncEnumerable<ObjectEvent> WatchAsync(ResourceType type, string? ns, Selection selection, string resourceVersion, CancellationToken cancellationToken) => throw Wrong();

    public Task<JsonObject> ApplyAsync(ResourceType type, JsonObject wanted, ApplyOptions options, CancellationToken cancellationToken) => throw Wrong();

    public Task<JsonObject> ReplaceAsync(ResourceType type, JsonObject changed, bool dryRun, CancellationToken cancellationToken) => throw Wrong();

    public Task<bool> DeleteAsync(ResourceType type, string? ns, string name, DeleteConditions conditions, CancellationToken cancellationToken) => throw Wrong();

    public Task<bool> MayAsync(string verb, ResourceType type, string? ns, string? name, CancellationToken cancellationToken) => throw Wrong();

    private static InvalidOperationException Wrong() => new("An inspection only gets and lists.");
}
