namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>On which entry points of one Traefik deny routers belong, in which form.</summary>
/// <param name="Http">Those that may carry HTTP.</param>
/// <param name="Tcp">Those that carry TCP services and nothing else.</param>
/// <param name="Remarks">Entry points that get none or only one of the two routers, with the reason.</param>
internal sealed record DenyPoints(IReadOnlyList<DenyEntryPoint> Http, IReadOnlyList<DenyEntryPoint> Tcp, IReadOnlyList<string> Remarks)
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
                left.Add($"not on entry point {point.Name}: UDP has no rules about addresses");
            }
            else if (edge.Services?.MayReach(point) == false)
            {
                left.Add($"not on entry point {point.Name}: no Service leads to it, so nobody comes in there from outside");
            }
            else if (tcpRoutes.Count > 0 && !httpRoutes)
            {
                tcp.Add(new(point.Name, true, false, point.Sight, point.SightReason));
            }
            else
            {
                // A TLS router makes Traefik wait for a ClientHello: a TCP service whose server speaks first (SMTP, MySQL) hangs for everybody
                // then. So the twin goes only where TLS is served, and not where such a service is.
                var speaksFirst = tcpRoutes.Exists(static r => !r.Tls);
                if (speaksFirst)
                {
                    left.Add($"no TLS twin on entry point {point.Name}: it carries TCP without TLS too, and a service whose server speaks first would hang");
                }

                http.Add(new(point.Name, !point.Tls, !speaksFirst && ServesTls(edge, point), point.Sight, point.SightReason));
            }
        }

        return new(http, tcp, left);
    }

    private static bool ServesTls(EdgeReading edge, EntryPoint point) =>
        point.Tls || point.Port is 443 or 8443
        || edge.Routes.Any(r => r.Route.Seen && !r.Route.Tcp && r.Tls && r.Points.Contains(point.Name, StringComparer.OrdinalIgnoreCase));
}
