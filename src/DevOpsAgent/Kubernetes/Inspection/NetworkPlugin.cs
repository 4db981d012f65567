namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>Tells by API groups and DaemonSets whether the network plugin enforces NetworkPolicy objects. The API server takes them either way.</summary>
internal static class NetworkPlugin
{
    /// <summary>Group of a plugin's own kinds, and its name: each of these enforces.</summary>
    private static readonly (string Group, string Name)[] Groups =
    [
        ("crd.projectcalico.org", "Calico"), ("projectcalico.org", "Calico"), ("cilium.io", "Cilium"), ("crd.antrea.io", "Antrea"), ("controlplane.antrea.io", "Antrea"),
        ("k8s.ovn.org", "OVN-Kubernetes"), ("kubeovn.io", "Kube-OVN"), ("networking.k8s.aws", "the AWS network policy agent"), ("k3s.cattle.io", "k3s (its own policy controller, unless switched off)"),
        ("rke.cattle.io", "RKE's plugin"), ("romana.io", "Romana"),
    ];

    /// <summary>Part of a DaemonSet's name, the plugin's name, whether it enforces; those that do come first, since flannel beside calico is Canal.</summary>
    private static readonly (string Part, string Name, bool Enforces)[] Sets =
    [
        ("calico", "Calico", true), ("canal", "Canal", true), ("cilium", "Cilium", true), ("anetd", "Cilium (GKE Dataplane V2)", true), ("weave", "Weave Net", true),
        ("kube-router", "kube-router", true), ("antrea", "Antrea", true), ("ovn", "OVN-Kubernetes", true), ("azure-npm", "Azure NPM", true), ("kube-network-policies", "kube-network-policies", true),
        ("flannel", "flannel", false), ("kindnet", "kindnet", false), ("aws-node", "the AWS VPC CNI", false),
    ];

    public static PolicyEnforcement Of(ClusterObjects objects)
    {
        foreach (var (group, name) in Groups)
        {
            if (objects.Groups.Contains(group, StringComparer.Ordinal))
            {
                return new(Enforcement.Enforced, name, $"the API group {group} is served");
            }
        }

        var sets = objects.Of("DaemonSet").Select(static d => d.Ref).ToList();
        foreach (var (part, name, enforces) in Sets)
        {
            if (sets.Find(s => s.Name.Contains(part, StringComparison.OrdinalIgnoreCase)) is not { } set)
            {
                continue;
            }

            return enforces ? new(Enforcement.Enforced, name, $"{set} runs")
                : part == "kindnet" ? new(Enforcement.Unknown, name, $"{set} runs: kindnet enforces network policies only in kind 0.24 and later")
                : part == "aws-node" ? new(Enforcement.Unknown, name, $"{set} runs: it enforces network policies only with its policy agent switched on")
                : new(Enforcement.Ignored, name, $"{set} runs and {name} does not enforce NetworkPolicy: the API server takes the objects and nothing happens");
        }

        return new(Enforcement.Unknown, "", objects.Read.Contains("DaemonSet") ? "no network plugin that is known was recognised" : "DaemonSets could not be read, and no API group of a known network plugin is served");
    }
}
