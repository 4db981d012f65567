using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Blocking;

/// <summary>An OwnedObject is one object of ours as it should be, with only the fields that we say something about.</summary>
internal sealed record OwnedObject(ResourceType Type, JsonObject Body)
{
    public const string Manager = "devops-agent";
    public const string ManagedBy = "app.kubernetes.io/managed-by";
    public const string Component = "app.kubernetes.io/component";
    public const string Instance = "app.kubernetes.io/instance";

    private const string ComponentValue = "deny";
    private const string ClassAnnotation = "kubernetes.io/ingress.class";

    public string Name => NameOf(Body);

    public ObjectKey Key => new(Type.Kind, Type.Group, Namespaced(Body), Name);

    /// <summary>Finds what this agent, by its name, has made: the agent's own Deployment has the first label too.</summary>
    public static string Selector(DenyLayout layout) => $"{ManagedBy}={Manager},{Component}={ComponentValue},{Instance}={layout.Name}";

    public static OwnedObject Make(DenyLayout layout, ResourceType type, string name, JsonObject spec)
    {
        var labels = new JsonObject { [ManagedBy] = Manager, [Component] = ComponentValue, [Instance] = layout.Name };
        foreach (var (key, value) in layout.Labels)
        {
            labels[key] = value;
        }

        var metadata = new JsonObject { ["name"] = name, ["namespace"] = layout.Namespace, ["labels"] = labels };
        if (layout.IngressClass is { } ingressClass)
        {
            metadata["annotations"] = new JsonObject { [ClassAnnotation] = ingressClass };
        }

        return new(type, new() { ["apiVersion"] = type.ApiVersion, ["kind"] = type.Kind, ["metadata"] = metadata, ["spec"] = spec });
    }

    /// <summary>True: it has our labels, or was applied by us before somebody took them away.</summary>
    public static bool IsOurs(JsonObject actual) =>
        (actual["metadata"]?["labels"] is JsonObject labels && Text(labels[ManagedBy]) == Manager && Text(labels[Component]) == ComponentValue)
        || FieldManagers.Of(actual).Any(static m => m is { Name: Manager, Operation: "Apply" });

    /// <summary>What stood there, as we would apply it: labels, annotation and spec without what the server added.</summary>
    public static OwnedObject Before(ResourceType type, JsonObject actual)
    {
        var metadata = new JsonObject { ["name"] = NameOf(actual), ["namespace"] = Namespaced(actual) };
        if (actual["metadata"]?["labels"] is JsonObject labels)
        {
            metadata["labels"] = labels.DeepClone();
        }

        if (actual["metadata"]?["annotations"]?[ClassAnnotation] is { } ingressClass)
        {
            metadata["annotations"] = new JsonObject { [ClassAnnotation] = ingressClass.DeepClone() };
        }

        // A Service's spec is full of what the server chose; ours is always the same.
        var spec = type == DenyKinds.Service ? RouteForm.ServiceSpec() : actual["spec"]?.DeepClone() ?? new JsonObject();
        return new(type, new() { ["apiVersion"] = type.ApiVersion, ["kind"] = type.Kind, ["metadata"] = metadata, ["spec"] = spec });
    }

    public static ObjectKey KeyOf(ResourceType type, JsonObject actual) => new(type.Kind, type.Group, Namespaced(actual), NameOf(actual));

    private static string NameOf(JsonObject body) => Text(body["metadata"]?["name"]) ?? "";

    private static string Namespaced(JsonObject body) => Text(body["metadata"]?["namespace"]) ?? "";

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}

/// <summary>Which object: one of each key in a cluster.</summary>
internal sealed record ObjectKey(string Kind, string Group, string Namespace, string Name)
{
    /// <summary>"IngressRoute traefik/devops-agent-deny-tls".</summary>
    public override string ToString() => $"{Kind} {Namespace}/{Name}";
}
