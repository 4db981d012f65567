namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>A route with what was read of its rule, for judging what stands before it.</summary>
/// <param name="Points">Where it is really served: the named entry points that exist, or the default ones.</param>
/// <param name="Tls">It is TLS by itself or by all its entry points.</param>
/// <param name="Priority">As Traefik counts: the given one, or the length of the rule.</param>
/// <param name="Origin">Where the rule stands in its object: "spec.routes[2].match", "data[x.yaml].http.routers.y".</param>
internal sealed record RouteFacts(TrafficRoute Route, RuleText Rule, IReadOnlyList<string> Points, bool Tls, long Priority, string Origin)
{
    /// <summary>"IngressRoute infra/grafana, rule 1: Host(`grafana.test`)".</summary>
    public string Name => $"{Route.Object}, rule {Route.Rule}: {Route.Match}";

    /// <summary>A router that only keeps listed addresses out: no traffic of anybody goes through it.</summary>
    public bool Denies { get; init; }

    public bool SharesPoint(RouteFacts other) => Points.Intersect(other.Points, StringComparer.OrdinalIgnoreCase).Any();
}
