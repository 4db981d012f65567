using DevOpsAgent.Blocking;

namespace DevOpsAgent.Kubernetes.Blocking;

/// <summary>
/// Remembers what the last few lists make: a plan, a look and a write ask for the same ones within a second, and 10,000 addresses
/// take a while to put into rules.
/// </summary>
internal sealed class RenderedLists
{
    /// <summary>The one before, the one after, and one that is only planned.</summary>
    private const int Kept = 3;

    private readonly Lock _gate = new();
    private readonly LinkedList<Rendered> _last = [];

    public IReadOnlyList<OwnedObject> Objects(DenyLayout layout, DenyList list) => Find(layout, list).Objects;

    public string Text(DenyLayout layout, DenyList list)
    {
        var found = Find(layout, list);
        return found.Text ??= ManifestText.Of(found.Objects, $"{layout.Place}: {layout.Because}");
    }

    private Rendered Find(DenyLayout layout, DenyList list)
    {
        lock (_gate)
        {
            for (var node = _last.First; node is not null; node = node.Next)
            {
                if (ReferenceEquals(node.Value.Layout, layout) && Same(node.Value.List, list))
                {
                    _last.Remove(node);
                    _last.AddFirst(node);
                    return node.Value;
                }
            }

            var made = new Rendered(layout, list, layout.Way == BlockingWay.NetworkPolicy ? PolicyForm.Objects(layout, list) : RouteForm.Objects(layout, list));
            _last.AddFirst(made);
            if (_last.Count > Kept)
            {
                _last.RemoveLast();
            }

            return made;
        }
    }

    private static bool Same(DenyList left, DenyList right) =>
        ReferenceEquals(left, right) || (left.Ranges.SequenceEqual(right.Ranges) && left.CarveOuts.SequenceEqual(right.CarveOuts));

    private sealed class Rendered(DenyLayout layout, DenyList list, IReadOnlyList<OwnedObject> objects)
    {
        public DenyLayout Layout => layout;
        public DenyList List => list;
        public IReadOnlyList<OwnedObject> Objects => objects;
        public string? Text { get; set; }
    }
}
