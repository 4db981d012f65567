namespace DevOpsAgent.Kubernetes.Blocking;

/// <summary>The kinds of objects that denials are made of.</summary>
internal static class DenyKinds
{
    public const string CurrentGroup = "traefik.io";
    public const string EarlierGroup = "traefik.containo.us";

    public static ResourceType Service { get; } = new("", "v1", "services", "Service", true);
    public static ResourceType ConfigMap { get; } = new("", "v1", "configmaps", "ConfigMap", true);
    public static ResourceType NetworkPolicy { get; } = new("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", true);

    public static ResourceType Route(string group) => new(group, "v1alpha1", "ingressroutes", "IngressRoute", true);

    public static ResourceType RouteTcp(string group) => new(group, "v1alpha1", "ingressroutetcps", "IngressRouteTCP", true);

    public static ResourceType Middleware(string group) => new(group, "v1alpha1", "middlewares", "Middleware", true);

    public static ResourceType MiddlewareTcp(string group) => new(group, "v1alpha1", "middlewaretcps", "MiddlewareTCP", true);

    /// <summary>What a way writes, in the order of writing: what is referred to comes before what refers to it.</summary>
    public static IReadOnlyList<ResourceType> Of(DenyLayout layout) => layout.Way switch
    {
        BlockingWay.Routes when layout.TcpEntryPoints.Count > 0 => [Middleware(layout.Group), MiddlewareTcp(layout.Group), Service, Route(layout.Group), RouteTcp(layout.Group)],
        BlockingWay.Routes => [Middleware(layout.Group), Service, Route(layout.Group)],
        BlockingWay.TcpRoutes => [MiddlewareTcp(layout.Group), Service, RouteTcp(layout.Group)],
        BlockingWay.NetworkPolicy => [NetworkPolicy],
        _ => [],
    };

    /// <summary>Everything that any way may have left, as far as this cluster knows these kinds.</summary>
    public static IReadOnlyList<ResourceType> All(IReadOnlyList<ResourceType> served) =>
    [
        .. new[] { EarlierGroup, CurrentGroup }.SelectMany(static g => new[] { Middleware(g), MiddlewareTcp(g) }).Where(t => Serves(served, t)),
        Service,
        .. new[] { EarlierGroup, CurrentGroup }.SelectMany(static g => new[] { Route(g), RouteTcp(g) }).Where(t => Serves(served, t)),
        NetworkPolicy,
    ];

    public static bool Serves(IReadOnlyList<ResourceType> served, ResourceType type) =>
        served.Any(s => s.Group == type.Group && s.Version == type.Version && s.Kind == type.Kind);

    /// <summary>The group that this cluster's Traefik reads: with both served, any Traefik since 2.10 reads the current one. Null: no CRDs.</summary>
    public static string? GroupOf(IReadOnlyList<ResourceType> served) =>
        Serves(served, Route(CurrentGroup)) ? CurrentGroup : Serves(served, Route(EarlierGroup)) ? EarlierGroup : null;
}
