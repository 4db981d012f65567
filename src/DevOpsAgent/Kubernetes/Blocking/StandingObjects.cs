using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Blocking;

/// <summary>What stands in the cluster: ours by key, and strangers under names that we want.</summary>
internal sealed record StandingObjects(IReadOnlyDictionary<ObjectKey, StandingObject> Ours, IReadOnlyList<StandingObject> Strangers)
{
    /// <param name="known">Names that may be ours though their labels were taken away, so that no list shows them.</param>
    /// <param name="kinds">To be looked through; a kind that isn't of this way may be forbidden or absent.</param>
    public static async Task<StandingObjects> ReadAsync(
        IKubernetesApi api, DenyLayout layout, IReadOnlyList<OwnedObject> known, IReadOnlyList<ResourceType> kinds, CancellationToken cancellationToken)
    {
        var own = DenyKinds.Of(layout);
        var selection = new Selection(OwnedObject.Selector(layout));
        var lists = await Task.WhenAll(kinds.Select(type => ListAsync(api, type, layout.Namespace, selection, own.Contains(type), cancellationToken)));
        var ours = lists.SelectMany(static l => l).ToDictionary(static o => o.Key);

        var unseen = known.Where(k => !ours.ContainsKey(k.Key)).ToArray();
        var found = await Task.WhenAll(unseen.Select(k => api.GetAsync(k.Type, layout.Namespace, k.Name, cancellationToken)));
        var strangers = new List<StandingObject>();
        foreach (var (wanted, actual) in unseen.Zip(found))
        {
            if (actual is null)
            {
                continue;
            }

            var standing = new StandingObject(wanted.Type, wanted.Key, actual);
            if (OwnedObject.IsOurs(actual))
            {
                ours.Add(standing.Key, standing);
            }
            else
            {
                strangers.Add(standing);
            }
        }

        return new(ours, strangers);
    }

    private static async Task<StandingObject[]> ListAsync(IKubernetesApi api, ResourceType type, string ns, Selection selection, bool needed, CancellationToken cancellationToken)
    {
        try
        {
            var list = await api.ListAsync(type, ns, selection, cancellationToken);
            return [.. list.Items.Select(i => new StandingObject(type, OwnedObject.KeyOf(type, i), i))];
        }
        catch (KubernetesException e) when (!needed && e.Fault is (KubernetesFault.Forbidden or KubernetesFault.NotFound))
        {
            // What we may not even list we can't have made.
            return [];
        }
    }
}

internal sealed record StandingObject(ResourceType Type, ObjectKey Key, JsonObject Body)
{
    public string? Uid => UidOf(Body);

    public static string? UidOf(JsonObject body) => (string?)body["metadata"]?["uid"];

    public static string VersionOf(JsonObject body) => (string?)body["metadata"]?["resourceVersion"] ?? "";
}
