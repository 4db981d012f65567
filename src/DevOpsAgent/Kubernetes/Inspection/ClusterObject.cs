using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>An object as it was read, with a name that is safe to show. The raw texts in it aren't.</summary>
internal sealed record ClusterObject(ObjectRef Ref, JsonObject Json) : IComparable<ClusterObject>
{
    /// <summary>The label by which the agent knows its own objects.</summary>
    public const string ManagedByLabel = "app.kubernetes.io/managed-by";

    public JsonNode? Spec => Json.At("spec");

    public string Namespace => Ref.Namespace ?? "";

    public IReadOnlyDictionary<string, string> Labels => Json.At("metadata", "labels").TextMap();

    public IReadOnlyDictionary<string, string> Annotations => Json.At("metadata", "annotations").TextMap();

    public bool Ours => Labels.GetValueOrDefault(ManagedByLabel) == "devops-agent";

    /// <summary>Who wrote it, from metadata.managedFields: "helm", "team".</summary>
    public IReadOnlyList<string> Managers =>
        [.. Json.At("metadata", "managedFields").Items().Select(static f => f.At("manager").Text()).OfType<string>().Select(static m => ShownText.Of(m, 60)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    public int CompareTo(ClusterObject? other) => Ref.CompareTo(other?.Ref);

    /// <summary>Null: without a name it is no object.</summary>
    public static ClusterObject? Of(ResourceType type, JsonObject json)
    {
        var name = json.At("metadata", "name").Text();
        var ns = type.Namespaced ? ShownText.Of(json.At("metadata", "namespace").Text() ?? "default", 80) : null;
        return string.IsNullOrEmpty(name) ? null : new(new(type.ApiVersion, type.Kind, ns, ShownText.Of(name, 260)), json);
    }
}
