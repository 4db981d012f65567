using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>The Services that lead to one Traefik's pods, and what they make of the client's address on each entry point.</summary>
internal sealed class EdgeServices
{
    private readonly TraefikWorkload _workload;
    private readonly bool _read;
    private readonly List<(ClusterObject Object, EdgeService Service)> _all = [];

    public EdgeServices(TraefikWorkload workload, ClusterObjects objects)
    {
        _workload = workload;
        _read = objects.Read.Contains("Service");
        var labels = workload.PodLabels;
        foreach (var service in objects.Of("Service").Where(s => s.Namespace == workload.Object.Namespace))
        {
            var selector = service.Spec.At("selector").TextMap();
            if (selector.Count > 0 && selector.All(l => labels.GetValueOrDefault(l.Key) == l.Value))
            {
                _all.Add((service, new(service.Ref, ShownText.Of(service.Spec.At("type").Text() ?? "ClusterIP", 40), service.Spec.At("externalTrafficPolicy").Text() == "Local", BalancerHints.Of(service))));
            }
        }
    }

    public IReadOnlyList<EdgeService> All => [.. _all.Select(static s => s.Service)];

    /// <summary>False: Services were read, some lead to this Traefik, and none leads to this entry point: nobody comes in there from outside.</summary>
    public bool MayReach(EntryPoint point) => !_read || _all.Count == 0 || OnNode(point) || _all.Exists(s => Leads(s.Object, point));

    public EntryPoint Judge(EntryPoint point)
    {
        var (sight, reason) = SightOf(point);
        return point with { Sight = sight, SightReason = reason };
    }

    private (ClientSight Sight, string Reason) SightOf(EntryPoint point)
    {
        if (point.ProxyProtocolInsecure)
        {
            return (ClientSight.ProxyProtocol, "proxyProtocol.insecure: every peer may tell any client address; trust only the balancer's ranges");
        }

        var leading = _all.Where(s => Leads(s.Object, point)).Select(static s => s.Service).ToList();
        if (point.ProxyProtocolTrusted.Count > 0)
        {
            return (ClientSight.ProxyProtocol, $"PROXY protocol is accepted from {Ranges(point.ProxyProtocolTrusted)}: ClientIP() sees the address that it carries");
        }

        if (leading.SelectMany(static s => s.Hints).FirstOrDefault(static h => h.StartsWith(BalancerHints.ProxyProtocol, StringComparison.Ordinal)) is { } hint)
        {
            return (ClientSight.Hidden, $"the balancer speaks PROXY protocol ({hint}) but this entry point accepts it from nobody: set proxyProtocol.trustedIPs");
        }

        if (point.ForwardedInsecure)
        {
            return (ClientSight.Unknown, "forwardedHeaders.insecure: anybody can claim any address in X-Forwarded-For; set trustedIPs instead");
        }

        if (point.ForwardedTrusted.Count > 0)
        {
            return (ClientSight.ForwardedFor, $"X-Forwarded-For is believed from {Ranges(point.ForwardedTrusted)}: a proxy stands before Traefik, so its address is the TCP peer; only the last entry of the header holds");
        }

        if (leading.SelectMany(static s => s.Hints).FirstOrDefault(static h => h.StartsWith(BalancerHints.Terminates, StringComparison.Ordinal)) is { } layer7)
        {
            return (ClientSight.Hidden, $"the balancer ends HTTP itself ({layer7}), so the TCP peer is the balancer, and its X-Forwarded-For is not believed: set forwardedHeaders.trustedIPs");
        }

        if (OnNode(point))
        {
            return (ClientSight.Peer, _workload.Pod.At("hostNetwork").IsTrue() ? "the pods are on the node's own network: the TCP peer is the client" : "a host port leads to it: the TCP peer is the client");
        }

        return leading.Count == 0 ? (ClientSight.Unknown, _read ? "no Service leads to it" : "Services could not be read") : OfServices(leading);
    }

    private static (ClientSight Sight, string Reason) OfServices(List<EdgeService> leading)
    {
        if (leading.Find(static s => s.Type is "LoadBalancer" or "NodePort" && !s.KeepsSource) is { } cluster)
        {
            return (ClientSight.Hidden, $"Service {cluster.Object.Place} has externalTrafficPolicy Cluster: kube-proxy may put a node's address in place of the client's; set it to Local, or use PROXY protocol");
        }

        if (leading.SelectMany(static s => s.Hints).FirstOrDefault(static h => h.StartsWith(BalancerHints.Replaces, StringComparison.Ordinal)) is { } replaced)
        {
            return (ClientSight.Hidden, $"the balancer puts its own address in place of the client's ({replaced}); use PROXY protocol");
        }

        return leading.Find(static s => s.Type is "LoadBalancer" or "NodePort") is { } local
            ? (ClientSight.Peer, $"Service {local.Object.Place} is a {local.Type} with externalTrafficPolicy Local and no proxy is trusted: the TCP peer is the client")
            : (ClientSight.Unknown, $"Service {leading[0].Object.Place} is {leading[0].Type}: something else in the cluster stands before Traefik");
    }

    private bool OnNode(EntryPoint point) =>
        _workload.Pod.At("hostNetwork").IsTrue() || _workload.Container.At("ports").Items().Any(p => p.At("hostPort").Number() is > 0 && p.At("containerPort").Number() == point.Port && point.Port > 0);

    private bool Leads(ClusterObject service, EntryPoint point) =>
        service.Spec.At("ports").Items().Any(p => !point.Udp == (p.At("protocol").Text() is null or "TCP") && point.Port > 0 && TargetPort(p) == point.Port);

    private long? TargetPort(JsonNode? port)
    {
        var target = port.At("targetPort");
        return target.Number() ?? (target.Text() is { } name
            ? _workload.Container.At("ports").Items().FirstOrDefault(c => c.At("name").Text() == name).At("containerPort").Number()
            : port.At("port").Number());
    }

    private static string Ranges(IReadOnlyList<DevOpsAgent.Addresses.AddressRange> ranges) =>
        string.Join(", ", ranges.Take(5)) + (ranges.Count > 5 ? $" and {ranges.Count - 5} more" : "");
}
