using System.Text.Json.Nodes;
using DevOpsAgent.Blocking;

namespace DevOpsAgent.Kubernetes.Blocking;

/// <summary>
/// One NetworkPolicy on Traefik's pods that lets everything in except what is denied. Always one object: policies add up, so a
/// second one would let in what the first denies.
/// </summary>
internal static class PolicyForm
{
    /// <summary>A policy can't be cut into several objects; with 60 bytes an entry this stays well below etcd's 1.5 MiB.</summary>
    public const int MaxExcepted = 10_000;

    public static IReadOnlyList<OwnedObject> Objects(DenyLayout layout, DenyList list)
    {
        var denied = OpenRanges.Denied(list);
        if (denied.Count == 0)
        {
            return [];
        }

        var labels = new JsonObject();
        foreach (var (key, value) in layout.PodLabels)
        {
            labels[key] = value;
        }

        var spec = new JsonObject
        {
            ["podSelector"] = new JsonObject { ["matchLabels"] = labels },
            ["policyTypes"] = new JsonArray("Ingress"),
            ["ingress"] = new JsonArray(new JsonObject
            {
                // An ipBlock is for addresses outside the cluster; its own pods are let in by the selector.
                ["from"] = new JsonArray(Block("0.0.0.0/0", ipv4: true), Block("::/0", ipv4: false), new JsonObject { ["namespaceSelector"] = new JsonObject() }),
            }),
        };
        return [OwnedObject.Make(layout, DenyKinds.NetworkPolicy, layout.Name, spec)];

        JsonObject Block(string all, bool ipv4)
        {
            var block = new JsonObject { ["cidr"] = all };
            var except = denied.Where(d => d.IsIPv4 == ipv4).Select(static d => (JsonNode?)JsonValue.Create(d.ToCidr())).ToArray();
            if (except.Length > 0)
            {
                block["except"] = new JsonArray(except);
            }

            return new() { ["ipBlock"] = block };
        }
    }
}
