using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Blocking;

/// <summary>
/// Whether a NetworkPolicy of ours denies exactly what it names. Policies add up: any other one for the same pods either lets the
/// denied in all the same, or shuts out others whom ours would then let in. And the pods must see the client's own address.
/// </summary>
internal static class PolicyCheck
{
    private static readonly ResourceType Pods = new("", "v1", "pods", "Pod", true);

    /// <summary>Throws <see cref="LayoutException"/> with the reason where it doesn't, <see cref="KubernetesException"/> where it can't be told.</summary>
    public static async Task RunAsync(IKubernetesApi api, DenyLayout layout, CancellationToken cancellationToken)
    {
        var pods = (await api.ListAsync(Pods, layout.Namespace, new(string.Join(',', layout.PodLabels.Select(static l => $"{l.Key}={l.Value}"))), cancellationToken)).Items;
        if (pods.Count == 0)
        {
            throw new LayoutException($"no pod in {layout.Namespace} has the labels {string.Join(", ", layout.PodLabels.Select(static l => $"{l.Key}={l.Value}"))}: set blocking.kubernetes.pod_labels to those of Traefik's pods");
        }

        if (pods.FirstOrDefault(static p => p["spec"]?["hostNetwork"] is JsonValue v && v.TryGetValue<bool>(out var host) && host) is { } onHost)
        {
            throw new LayoutException($"pod {layout.Namespace}/{Name(onHost)} is on the node's own network, where no NetworkPolicy holds");
        }

        var policies = (await api.ListAsync(DenyKinds.NetworkPolicy, layout.Namespace, Selection.All, cancellationToken)).Items;
        var others = policies.Where(p => !OwnedObject.IsOurs(p) && IsIngress(p) && pods.Any(pod => Selects(p["spec"]?["podSelector"] as JsonObject, Labels(pod)))).Select(Name).Order(StringComparer.Ordinal).ToArray();
        if (others.Length > 0)
        {
            throw new LayoutException($"Traefik's pods are under {(others.Length == 1 ? "another NetworkPolicy" : "other NetworkPolicies")} already ({string.Join(", ", others.Select(FieldManagers.Printable))}); policies add up, so one of ours could not take away what {(others.Length == 1 ? "it lets" : "they let")} in, and would let in what {(others.Length == 1 ? "it shuts" : "they shut")} out");
        }

        var services = (await api.ListAsync(DenyKinds.Service, layout.Namespace, Selection.All, cancellationToken)).Items;
        if (services.FirstOrDefault(s => IsOpen(s) && s["spec"]?["selector"] is JsonObject { Count: > 0 } selector && pods.Any(pod => selector.All(l => Labels(pod).GetValueOrDefault(l.Key) == Text(l.Value)))) is { } hiding)
        {
            throw new LayoutException($"Service {layout.Namespace}/{Name(hiding)} has externalTrafficPolicy Cluster, so Traefik's pods see a node's address instead of the client's: set it to Local");
        }
    }

    /// <summary>From outside, and not keeping the client's address.</summary>
    private static bool IsOpen(JsonObject service) =>
        Text(service["spec"]?["type"]) is "LoadBalancer" or "NodePort" && Text(service["spec"]?["externalTrafficPolicy"]) != "Local";

    /// <summary>The default where no type is named.</summary>
    private static bool IsIngress(JsonObject policy) =>
        policy["spec"]?["policyTypes"] is not JsonArray { Count: > 0 } types || types.Any(static t => Text(t) == "Ingress");

    /// <summary>An empty selector selects all. What isn't understood is taken to select.</summary>
    private static bool Selects(JsonObject? selector, Dictionary<string, string> labels)
    {
        if (selector?["matchLabels"] is JsonObject wanted && wanted.Any(w => labels.GetValueOrDefault(w.Key) != Text(w.Value)))
        {
            return false;
        }

        return selector?["matchExpressions"] is not JsonArray expressions || expressions.All(e =>
        {
            var value = labels.GetValueOrDefault(Text(e?["key"]) ?? "");
            var values = (e?["values"] as JsonArray)?.Select(Text).ToArray() ?? [];
            return Text(e?["operator"]) switch
            {
                "In" => value is not null && values.Contains(value),
                "NotIn" => value is null || !values.Contains(value),
                "Exists" => value is not null,
                "DoesNotExist" => value is null,
                _ => true,
            };
        });
    }

    private static Dictionary<string, string> Labels(JsonObject item) =>
        (item["metadata"]?["labels"] as JsonObject)?.ToDictionary(static l => l.Key, static l => Text(l.Value) ?? "", StringComparer.Ordinal) ?? [];

    private static string Name(JsonObject item) => Text(item["metadata"]?["name"]) ?? "";

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
