namespace DevOpsAgent.Kubernetes.Client;

/// <summary>What the agent asks of a cluster; the same as deploy/kubernetes/rbac.yaml, which a test holds against it.</summary>
/// <param name="InNamespace">True: in Traefik's namespace only; false: in all.</param>
/// <param name="What">What doesn't work without it, as the end of "without it ...".</param>
internal sealed record NeededRights(string Group, IReadOnlyList<string> Resources, IReadOnlyList<string> Verbs, bool InNamespace, string What)
{
    private static readonly string[] s_read = ["get", "list", "watch"];
    private static readonly string[] s_write = ["create", "update", "patch", "delete"];
    private static readonly string[] s_routes = ["ingressroutes", "ingressroutetcps", "middlewares", "middlewaretcps"];

    public static IReadOnlyList<NeededRights> All { get; } =
    [
        new("traefik.io", [.. s_routes, "traefikservices"], s_read, false, "routes and middlewares aren't seen"),
        new("traefik.containo.us", [.. s_routes, "traefikservices"], s_read, false, "routes and middlewares of Traefik 2.9 and older aren't seen"),
        new("networking.k8s.io", ["ingresses", "ingressclasses", "networkpolicies"], s_read, false, "Ingresses and NetworkPolicies aren't seen"),
        new("gateway.networking.k8s.io", ["gatewayclasses", "gateways", "httproutes"], s_read, false, "routes of the Gateway API aren't seen"),
        new("", ["namespaces", "services", "pods", "configmaps"], s_read, false, "Traefik's pods and the lists that they read aren't found"),
        new("apps", ["deployments", "daemonsets", "statefulsets"], s_read, false, "Traefik's arguments aren't known"),
        new("traefik.io", s_routes, s_write, true, "no deny route can be written"),
        new("traefik.containo.us", s_routes, s_write, true, "no deny route for Traefik 2.9 and older can be written"),
        new("", ["services"], s_write, true, "our deny routes have no Service to name"),
        new("networking.k8s.io", ["networkpolicies"], s_write, true, "the last resort, a NetworkPolicy, can't be written"),
        new("coordination.k8s.io", ["leases"], ["get", "create", "update", "patch"], true, "several replicas can't agree on one writer"),
        new("", ["secrets"], ["get"], true, "lists that Traefik reads from Secrets are reported as unseen"),
    ];
}
