namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>Names of kinds, for recordings that hold objects but no discovery.</summary>
internal static class RecordedKinds
{
    public static IReadOnlyList<ResourceType> BuiltIn { get; } =
    [
        new("", "v1", "configmaps", "ConfigMap", true),
        new("", "v1", "secrets", "Secret", true),
        .. WantedKinds.Workloads.Append(WantedKinds.Namespaces).Append(WantedKinds.Pods).Concat(WantedKinds.Others.Where(static k => k.Group is "" or WantedKinds.Networking)).Select(static k => Of(k, "v1")),
    ];

    /// <summary>Kinds of CRDs: there only where their group is.</summary>
    public static IReadOnlyList<ResourceType> Defined { get; } =
        [.. WantedKinds.Others.Where(static k => k.Group is not ("" or WantedKinds.Networking)).Select(static k => Of(k, k.Group == WantedKinds.Gateway ? k.Kind is "TCPRoute" or "TLSRoute" ? "v1alpha2" : "v1" : "v1alpha1"))];

    /// <summary>The type of an object by what it says of itself. A kind that isn't known gets a plural by the usual rule.</summary>
    public static ResourceType Of(string apiVersion, string kind, bool hasNamespace)
    {
        var slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
        var (group, version) = slash < 0 ? ("", apiVersion) : (apiVersion[..slash], apiVersion[(slash + 1)..]);
        var known = BuiltIn.Concat(Defined).FirstOrDefault(t => t.Group == group && t.Kind == kind);
        return known is not null ? known with { Version = version } : new(group, version, kind.ToLowerInvariant() + "s", kind, hasNamespace);
    }

    private static ResourceType Of(WantedKind kind, string version) => new(kind.Group, version, kind.Plural, kind.Kind, kind.Namespaced);
}
