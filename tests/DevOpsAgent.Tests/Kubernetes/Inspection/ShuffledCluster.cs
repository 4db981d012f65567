using System.Text.Json.Nodes;
using DevOpsAgent.Kubernetes;

namespace DevOpsAgent.Tests.Kubernetes.Inspection;

/// <summary>The same cluster with its lists, its kinds and the keys of its objects in another order each time.</summary>
internal sealed class ShuffledCluster(IKubernetesApi inner, Random random) : ReadOnlyCluster
{
    public override string Description => inner.Description;

    public override async Task<IReadOnlyList<ResourceType>> DiscoverAsync(CancellationToken cancellationToken) => [.. Shuffled(await inner.DiscoverAsync(cancellationToken))];

    public override async Task<JsonObject?> GetAsync(ResourceType type, string? ns, string name, CancellationToken cancellationToken) =>
        (JsonObject?)Turned(await inner.GetAsync(type, ns, name, cancellationToken));

    public override async Task<ObjectList> ListAsync(ResourceType type, string? ns, Selection selection, CancellationToken cancellationToken) =>
        new([.. Shuffled((await inner.ListAsync(type, ns, selection, cancellationToken)).Items).Select(i => (JsonObject)Turned(i)!)], random.Next().ToString(System.Globalization.CultureInfo.InvariantCulture));

    private IEnumerable<T> Shuffled<T>(IEnumerable<T> items)
    {
        var all = items.ToArray();
        random.Shuffle(all);
        return all;
    }

    /// <summary>Keys of maps in another order; lists stay, as their order has a meaning.</summary>
    private JsonNode? Turned(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(Shuffled(map).Select(e => KeyValuePair.Create(e.Key, Turned(e.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Turned)]),
        _ => node?.DeepClone(),
    };
}
