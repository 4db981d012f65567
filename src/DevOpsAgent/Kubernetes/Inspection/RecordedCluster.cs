using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>A cluster out of files, read-only: what kubectl printed, or exchanges with an API server. What they don't hold is said, not taken for absent.</summary>
internal sealed class RecordedCluster(string description) : IKubernetesApi
{
    private readonly List<(ResourceType Type, JsonObject Json)> _objects = [];
    private readonly Dictionary<(string Group, string Kind), ResourceType> _types = [];
    private readonly HashSet<(string Group, string Plural)> _lists = [];
    private readonly Dictionary<(string Group, string Plural), string> _refused = [];
    private readonly HashSet<string> _groups = new(StringComparer.Ordinal);

    public string Description => description;

    public int Count => _objects.Count;

    /// <summary>A list of this kind was recorded, whether or not it holds anything.</summary>
    public void Listed(ResourceType type)
    {
        Offered(type);
        _lists.Add((type.Group, type.Plural));
    }

    public void Offered(ResourceType type)
    {
        _types.TryAdd((type.Group, type.Kind), type);
        _groups.Add(type.Group);
    }

    /// <summary>The API server has this group.</summary>
    public void HasGroup(string group) => _groups.Add(group);

    /// <summary>The recorded answer was 403.</summary>
    public void Refused(string group, string plural, string message) => _refused[(group, plural)] = message;

    public void Add(ResourceType type, JsonObject json)
    {
        Offered(type);
        _objects.Add((type, json));
    }

    public Task<IReadOnlyList<ResourceType>> DiscoverAsync(CancellationToken cancellationToken)
    {
        var all = RecordedKinds.BuiltIn.Concat(RecordedKinds.Defined.Where(t => _groups.Contains(t.Group))).Where(t => !_types.ContainsKey((t.Group, t.Kind))).Concat(_types.Values).ToList();
        all.AddRange(_groups.Where(g => !all.Exists(t => t.Group == g)).Select(static g => new ResourceType(g, "v1", "", "", false)));
        return Task.FromResult<IReadOnlyList<ResourceType>>(all);
    }

    public Task<JsonObject?> GetAsync(ResourceType type, string? ns, string name, CancellationToken cancellationToken)
    {
        var found = _objects.Find(o => Same(o.Type, type) && o.Json.At("metadata", "name").Text() == name && NamespaceOf(o) == ns).Json;
        return found is not null || _lists.Contains((type.Group, type.Plural)) ? Task.FromResult(found)
            : Task.FromException<JsonObject?>(Missing(type));
    }

    public Task<ObjectList> ListAsync(ResourceType type, string? ns, Selection selection, CancellationToken cancellationToken)
    {
        var found = _objects.Where(o => Same(o.Type, type) && (ns is null || NamespaceOf(o) == ns)).Select(static o => o.Json).ToList();
        if (found.Count == 0 && !_lists.Contains((type.Group, type.Plural)))
        {
            return Task.FromException<ObjectList>(Missing(type));
        }

        var selector = LabelSelector.OfText(selection.Labels ?? "");
        return Task.FromResult(new ObjectList([.. found.Where(o => selector.Matches(o.At("metadata", "labels").TextMap()))], "0"));
    }

    public async IAsyncEnumerable<ObjectEvent> WatchAsync(
        ResourceType type, string? ns, Selection selection, string resourceVersion, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.Infinite, cancellationToken);
        yield break;
    }

    public Task<JsonObject> ApplyAsync(ResourceType type, JsonObject wanted, ApplyOptions options, CancellationToken cancellationToken) => Task.FromException<JsonObject>(ReadOnly());

    public Task<JsonObject> ReplaceAsync(ResourceType type, JsonObject changed, bool dryRun, CancellationToken cancellationToken) => Task.FromException<JsonObject>(ReadOnly());

    public Task<bool> DeleteAsync(ResourceType type, string? ns, string name, DeleteConditions conditions, CancellationToken cancellationToken) => Task.FromException<bool>(ReadOnly());

    public Task<bool> MayAsync(string verb, ResourceType type, string? ns, string? name, CancellationToken cancellationToken) => Task.FromResult(verb is "get" or "list" or "watch");

    private static bool Same(ResourceType one, ResourceType other) => one.Group == other.Group && one.Kind == other.Kind;

    private static string? NamespaceOf((ResourceType Type, JsonObject Json) item) => item.Type.Namespaced ? item.Json.At("metadata", "namespace").Text() ?? "default" : null;

    private KubernetesException Missing(ResourceType type) => _refused.TryGetValue((type.Group, type.Plural), out var message)
        ? new(KubernetesFault.Forbidden, message) { StatusCode = 403, Reason = "Forbidden" }
        : new(KubernetesFault.NotFound, $"the recording has no list of {type.Plural}") { Reason = ClusterReader.NotRecorded };

    private static KubernetesException ReadOnly() => new(KubernetesFault.Configuration, "a recorded cluster can't be changed; name a context to act on a real one");
}
