namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>On which entry points of one Traefik deny routers belong, in which form.</summary>
/// <param name="Http">Those that may carry HTTP.</param>
/// <param name="Tcp">Those that carry TCP services and nothing else.</param>
/// <param name="LeftOut">Entry points that need none, with the reason.</param>
internal sealed record DenyPoints(IReadOnlyList<DenyEntryPoint> Http, IReadOnlyList<DenyEntryPoint> Tcp, IReadOnlyList<string> LeftOut)
{
    public static DenyPoints Of(EdgeReading edge)
    {
        var http = new List<DenyEntryPoint>();
        var tcp = new List<DenyEntryPoint>();
        var left = new List<string>();
        foreach (var point in edge.Settings.EntryPoints.Where(static p => !p.Internal))
        {
            var tcpRoutes = edge.Served(tcp: true).Where(r => r.Points.Contains(point.Name, StringComparer.OrdinalIgnoreCase)).ToList();
            var httpRoutes = edge.Served(tcp: false).Any(r => r.Points.Contains(point.Name, StringComparer.OrdinalIgnoreCase));
            if (point.Udp)
            {
                left.Add($"{point.Name}: UDP has no rules about addresses");
            }
            else if (edge.Services?.MayReach(point) == false)
            {
                left.Add($"{point.Name}: no Service leads to it, so nobody comes in there from outside");
            }
            else if (tcpRoutes.Count > 0 && !httpRoutes)
            {
                tcp.Add(new(point.Name, true, false, point.Sight, point.SightReason));
            }
            else
            {
                // A TLS router makes Traefik wait for a ClientHello: a TCP service whose server speaks first (SMTP, MySQL) hangs for everybody then.
                var speaksFirst = tcpRoutes.Exists(static r => !r.Tls);
                http.Add(new(point.Name, !point.Tls, !speaksFirst, point.Sight, point.SightReason));
            }
        }

        return new(http, tcp, left);
    }
}
