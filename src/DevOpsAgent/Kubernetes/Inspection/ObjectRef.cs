namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>One object of the cluster by name: "Middleware shop/office-only". Ordered by kind, namespace, name, then API version.</summary>
/// <param name="ApiVersion">As the object has it: "traefik.io/v1alpha1", "v1".</param>
/// <param name="Namespace">Null: the kind has none.</param>
internal sealed record ObjectRef(string ApiVersion, string Kind, string? Namespace, string Name) : IComparable<ObjectRef>
{
    /// <summary>"traefik.io"; empty for the core group.</summary>
    public string Group => ApiVersion.Contains('/', StringComparison.Ordinal) ? ApiVersion[..ApiVersion.IndexOf('/', StringComparison.Ordinal)] : "";

    /// <summary>"shop/office-only".</summary>
    public string Place => Namespace is null ? Name : $"{Namespace}/{Name}";

    public int CompareTo(ObjectRef? other) => other is null ? 1
        : string.CompareOrdinal(Kind, other.Kind) is not 0 and var kind ? kind
        : string.CompareOrdinal(Namespace, other.Namespace) is not 0 and var ns ? ns
        : string.CompareOrdinal(Name, other.Name) is not 0 and var name ? name
        : string.CompareOrdinal(ApiVersion, other.ApiVersion);

    public override string ToString() => $"{Kind} {Place}";
}
