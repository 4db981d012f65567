namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>Everything that was read, by kind, sorted: the order of the API's answers ends here.</summary>
internal sealed class ClusterObjects
{
    private readonly SortedDictionary<string, List<ClusterObject>> _byKind = new(StringComparer.Ordinal);
    private readonly HashSet<ObjectRef> _known = [];

    public List<Gap> Gaps { get; } = [];

    public List<ResourceType> Served { get; } = [];

    /// <summary>All groups that the API server offers: a network plugin is told by its own.</summary>
    public IReadOnlyList<string> Groups { get; set; } = [];

    /// <summary>Kinds ("Service") that were read, if only in part.</summary>
    public HashSet<string> Read { get; } = new(StringComparer.Ordinal);

    /// <summary>Of one kind, of all groups.</summary>
    public IReadOnlyList<ClusterObject> Of(string kind) => _byKind.TryGetValue(kind, out var objects) ? objects : [];

    public ClusterObject? Find(string kind, string? ns, string name) => Of(kind).FirstOrDefault(o => o.Ref.Namespace == ns && o.Ref.Name == name);

    public bool Serves(string group, string kind) => Served.Exists(t => t.Group == group && t.Kind == kind);

    /// <summary>An object that was seen before (two lists of a recording may overlap) is not taken twice.</summary>
    public void Add(ClusterObject item)
    {
        if (!_known.Add(item.Ref))
        {
            return;
        }

        if (!_byKind.TryGetValue(item.Ref.Kind, out var list))
        {
            _byKind[item.Ref.Kind] = list = [];
        }

        list.Add(item);
    }

    public void Sort()
    {
        foreach (var list in _byKind.Values)
        {
            list.Sort();
        }

        Gaps.Sort(static (a, b) => string.CompareOrdinal(a.What, b.What) is not 0 and var what ? what : a.Reason.CompareTo(b.Reason));
        Served.Sort(static (a, b) => string.CompareOrdinal($"{a.Group} {a.Kind}", $"{b.Group} {b.Kind}"));
    }
}
