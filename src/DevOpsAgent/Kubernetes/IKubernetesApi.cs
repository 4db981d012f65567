using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes;

/// <summary>
/// The calls of a Kubernetes API server that the agent makes. The seam between REST and what looks at or writes to a cluster: a recorded
/// cluster speaks it too. Every call throws <see cref="KubernetesException"/> for whatever the server or the way to it refuses.
/// </summary>
internal interface IKubernetesApi
{
    /// <summary>For people: "context kind-dev (https://127.0.0.1:6443)" or "this pod's cluster (https://10.0.0.1)".</summary>
    string Description { get; }

    /// <summary>What the server offers, all versions of all groups; kept for some minutes.</summary>
    Task<IReadOnlyList<ResourceType>> DiscoverAsync(CancellationToken cancellationToken);

    /// <summary>Null: there is no such object.</summary>
    Task<JsonObject?> GetAsync(ResourceType type, string? ns, string name, CancellationToken cancellationToken);

    /// <summary>
    /// All pages, in the server's order. A namespace of null asks for all of them. Which fields somebody wrote (fieldsV1) is left
    /// out of objects that aren't labelled as ours.
    /// </summary>
    Task<ObjectList> ListAsync(ResourceType type, string? ns, Selection selection, CancellationToken cancellationToken);

    /// <summary>What changes after <paramref name="resourceVersion"/>, without end: reconnects, resumes, and says <see cref="ObjectChange.Gone"/> where it must be listed anew.</summary>
    IAsyncEnumerable<ObjectEvent> WatchAsync(ResourceType type, string? ns, Selection selection, string resourceVersion, CancellationToken cancellationToken);

    /// <summary>Server-side apply. The object as the server has it then.</summary>
    Task<JsonObject> ApplyAsync(ResourceType type, JsonObject wanted, ApplyOptions options, CancellationToken cancellationToken);

    /// <summary>Replaces an object that was read before: fails with conflict where somebody changed it since (its metadata.resourceVersion).</summary>
    Task<JsonObject> ReplaceAsync(ResourceType type, JsonObject changed, bool dryRun, CancellationToken cancellationToken);

    /// <summary>False: it was not there.</summary>
    Task<bool> DeleteAsync(ResourceType type, string? ns, string name, DeleteConditions conditions, CancellationToken cancellationToken);

    /// <summary>SelfSubjectAccessReview: whether this user may.</summary>
    Task<bool> MayAsync(string verb, ResourceType type, string? ns, string? name, CancellationToken cancellationToken);
}

/// <summary>One kind of object: "traefik.io", "v1alpha1", "ingressroutes", "IngressRoute".</summary>
/// <param name="Group">Empty for the core group.</param>
internal sealed record ResourceType(string Group, string Version, string Plural, string Kind, bool Namespaced)
{
    /// <summary>As objects have it: "v1", "traefik.io/v1alpha1".</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";
}

/// <summary>Label and field selectors in the API's own form; null: all.</summary>
internal sealed record Selection(string? Labels = null, string? Fields = null)
{
    public static Selection All { get; } = new();
}

/// <param name="ResourceVersion">Where a watch goes on.</param>
internal sealed record ObjectList(IReadOnlyList<JsonObject> Items, string ResourceVersion);

internal enum ObjectChange
{
    Added,
    Modified,
    Deleted,

    /// <summary>Nothing changed; the resource version is newer.</summary>
    Bookmark,

    /// <summary>The server forgot the version (410): list again, then watch from there.</summary>
    Gone,
}

internal sealed record ObjectEvent(ObjectChange Change, JsonObject? Object, string ResourceVersion);

/// <param name="Manager">The field manager: "devops-agent".</param>
/// <param name="Force">Takes fields over that another manager owns. Without it these are a conflict, named in the exception.</param>
internal sealed record ApplyOptions(string Manager = "devops-agent", bool Force = false, bool DryRun = false);

/// <summary>What the object must still be for it to be deleted; null: whatever it is.</summary>
internal sealed record DeleteConditions(string? Uid = null, string? ResourceVersion = null, bool DryRun = false);
