namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>The routes with traffic that something stands in front of.</summary>
/// <param name="Names">Sorted, each with the way by which it is reached.</param>
/// <param name="All">All routes of the protocol.</param>
internal sealed record Coverage(IReadOnlyList<string> Names, int Covers, int All)
{
    public static Coverage None { get; } = new([], 0, 0);

    /// <summary>Of middlewares: <paramref name="applied"/> finds the one in a route.</summary>
    public static Coverage Of(IReadOnlyList<EdgeReading> edges, bool tcp, Func<RouteFacts, AppliedMiddleware?> applied) => Of(edges, tcp, (_, route) =>
        applied(route) is not { } found ? null : found.Via.Length > 0 ? $"{route.Name} via {found.Via}" : route.Name);

    /// <summary>In general: <paramref name="name"/> is null for a route that isn't covered.</summary>
    public static Coverage Of(IReadOnlyList<EdgeReading> edges, bool tcp, Func<EdgeReading, RouteFacts, string?> name)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        var (covered, all) = (new HashSet<(ObjectRef, string)>(), new HashSet<(ObjectRef, string)>());
        foreach (var edge in edges)
        {
            foreach (var route in edge.Served(tcp))
            {
                var key = (route.Route.Object, route.Origin);
                all.Add(key);
                if (name(edge, route) is { } text)
                {
                    covered.Add(key);
                    names.Add(text);
                }
            }
        }

        return new([.. names], covered.Count, all.Count);
    }
}
