namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>One Traefik: what it reads, who stands before it, and how to block at it.</summary>
internal sealed record TraefikEdge(TraefikSettings Settings, IReadOnlyList<EdgeService> Services, ChosenWay Way);

/// <summary>A Service that leads to Traefik's pods.</summary>
/// <param name="Type">"LoadBalancer", "NodePort", "ClusterIP".</param>
/// <param name="KeepsSource">True: externalTrafficPolicy Local. False: Cluster, so the peer that Traefik sees may be a node.</param>
/// <param name="Hints">Annotations of balancers that say more: "service.beta.kubernetes.io/aws-load-balancer-proxy-protocol: *".</param>
internal sealed record EdgeService(ObjectRef Object, string Type, bool KeepsSource, IReadOnlyList<string> Hints);

/// <summary>Whose address Traefik's TCP peer is on an entry point, which decides the form of a denial.</summary>
internal enum ClientSight
{
    /// <summary>Nothing tells. The log decides (ClientAddr against ClientHost); mode auto must not block.</summary>
    Unknown,

    /// <summary>The peer is the client: ClientIP() holds.</summary>
    Peer,

    /// <summary>A balancer that speaks PROXY protocol: ClientIP() sees the client.</summary>
    ProxyProtocol,

    /// <summary>A proxy whose X-Forwarded-For is believed: only the last entry of the header holds; ClientIP() would deny the proxy, and so everybody.</summary>
    ForwardedFor,

    /// <summary>The peer is a node or balancer and nothing carries the client's address: no form of denial at Traefik holds.</summary>
    Hidden,
}
