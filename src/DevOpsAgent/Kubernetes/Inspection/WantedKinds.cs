namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>A kind that an inspection reads.</summary>
/// <param name="Lost">What is missing from the picture without it.</param>
internal sealed record WantedKind(string Group, string Plural, string Kind, bool Namespaced, string Lost)
{
    /// <summary>"ingressroutes.traefik.io", "services".</summary>
    public string Name => Group.Length == 0 ? Plural : $"{Plural}.{Group}";
}

/// <summary>All that is listed, in the order of the calls. ConfigMaps and Secrets are not among them: only those that Traefik's pods mount are got, by name.</summary>
internal static class WantedKinds
{
    public const string Traefik = "traefik.io";

    /// <summary>Traefik up to 2.11; 2.10 and 2.11 read both, 3 reads only the other.</summary>
    public const string OldTraefik = "traefik.containo.us";

    public const string Gateway = "gateway.networking.k8s.io";

    public const string Networking = "networking.k8s.io";

    public static WantedKind Namespaces { get; } = new("", "namespaces", "Namespace", false, "which namespaces there are");

    public static IReadOnlyList<WantedKind> Workloads { get; } =
    [
        new("apps", "deployments", "Deployment", true, "Traefik's arguments, if a Deployment runs it"),
        new("apps", "daemonsets", "DaemonSet", true, "Traefik's arguments, if a DaemonSet runs it, and the network plugin"),
        new("apps", "statefulsets", "StatefulSet", true, "Traefik's arguments, if a StatefulSet runs it"),
    ];

    public static WantedKind Pods { get; } = new("", "pods", "Pod", true, "Traefik's arguments, if a bare pod runs it");

    public static IReadOnlyList<WantedKind> Others { get; } =
    [
        new("", "services", "Service", true, "whether Traefik's peer is the client or a balancer"),
        .. OfTraefik(Traefik),
        .. OfTraefik(OldTraefik),
        new(Networking, "ingresses", "Ingress", true, "routes and lists of Ingress objects"),
        new(Networking, "ingressclasses", "IngressClass", false, "which Ingress objects are Traefik's"),
        new(Networking, "networkpolicies", "NetworkPolicy", true, "network policies in front of Traefik and of workloads"),
        new(Gateway, "gatewayclasses", "GatewayClass", false, "which Gateways are Traefik's: told by the name of their class"),
        new(Gateway, "gateways", "Gateway", true, "which HTTPRoutes Traefik serves"),
        new(Gateway, "httproutes", "HTTPRoute", true, "routes of the Gateway API"),
        new(Gateway, "grpcroutes", "GRPCRoute", true, "gRPC routes of the Gateway API"),
        new(Gateway, "tcproutes", "TCPRoute", true, "TCP routes of the Gateway API"),
        new(Gateway, "tlsroutes", "TLSRoute", true, "TLS routes of the Gateway API"),
    ];

    private static IEnumerable<WantedKind> OfTraefik(string group) =>
    [
        new(group, "middlewares", "Middleware", true, "allow and deny lists of HTTP routes"),
        new(group, "middlewaretcps", "MiddlewareTCP", true, "allow lists of TCP routes"),
        new(group, "ingressroutes", "IngressRoute", true, "HTTP routes and rules about addresses"),
        new(group, "ingressroutetcps", "IngressRouteTCP", true, "TCP routes and rules about addresses"),
        new(group, "traefikservices", "TraefikService", true, "services that rules about addresses lead to"),
    ];
}
