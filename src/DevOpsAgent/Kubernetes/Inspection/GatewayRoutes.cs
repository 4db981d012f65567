using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>HTTPRoute, GRPCRoute, TCPRoute and TLSRoute objects as rules in Traefik's words. Only those that hang on a Gateway of Traefik's class.</summary>
internal static class GatewayRoutes
{
    public static IEnumerable<RouteDraft> Of(ClusterObject item, ClusterObjects objects, Watching watching)
    {
        var problems = new List<string>();
        var listeners = Listeners(item, objects, watching, problems);
        if (listeners is null)
        {
            yield break;
        }

        var tcp = item.Ref.Kind is "TCPRoute" or "TLSRoute";
        var points = listeners.Select(l => PointOf(l, watching.Settings, problems)).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (points.Count == 0 && problems.Count == 0 && watching.Settings.Known)
        {
            problems.Add("no listener of its Gateway fits it");
        }

        var hosts = string.Join(" || ", item.Spec.At("hostnames").Texts().Select(h => tcp ? $"HostSNI(`{h}`)" : h.StartsWith("*.", StringComparison.Ordinal) ? $"HostRegexp(`^[^.]+{h[1..].Replace(".", "\\.", StringComparison.Ordinal)}$`)" : $"Host(`{h}`)"));
        var rules = item.Spec.At("rules").Items();
        for (var i = 0; i < rules.Count; i++)
        {
            var matches = rules[i].At("matches").Items().Select(MatchOf).Where(static m => m.Length > 0).ToList();
            var match = RouteDrafts.And(hosts, string.Join(" || ", matches.Count > 1 ? matches.Select(static m => $"({m})") : matches));
            yield return new(item, i + 1, match.Length > 0 ? match : tcp ? "HostSNI(`*`)" : "PathPrefix(`/`)", tcp, $"spec.rules[{i}]")
            {
                EntryPoints = points,
                Tls = listeners.All(static l => l.At("protocol").Text() is "HTTPS" or "TLS"),
                Middlewares = [.. rules[i].At("filters").Items()
                    .Where(static f => f.At("type").Text() == "ExtensionRef" && f.At("extensionRef", "kind").Text() is "Middleware" or "MiddlewareTCP")
                    .Select(static f => new MiddlewareReference(f.At("extensionRef", "name").Text() ?? "", null, "filter"))],
                Services = [.. rules[i].At("backendRefs").Items().Select(static b => ShownText.Of($"{b.At("name").Text()}:{b.At("port").Text()}"))],
                Problems = problems,
            };
        }
    }

    /// <summary>The listeners of Traefik's Gateways that the route hangs on; null: none of its Gateways is Traefik's.</summary>
    private static List<JsonNode?>? Listeners(ClusterObject item, ClusterObjects objects, Watching watching, List<string> problems)
    {
        var found = new List<JsonNode?>();
        var ours = false;
        foreach (var parent in item.Spec.At("parentRefs").Items().Where(static p => p.At("kind").Text() is null or "Gateway"))
        {
            var ns = ShownText.Of(parent.At("namespace").Text() ?? item.Namespace, 80);
            var name = ShownText.Of(parent.At("name").Text(), 260);
            if (objects.Find("Gateway", ns, name) is not { } gateway)
            {
                ours = true;
                problems.Add($"its Gateway {ns}/{name} doesn't exist or was not read");
                continue;
            }

            if (!watching.IsOurs(gateway, out var known))
            {
                continue;
            }

            ours = true;
            if (!known && watching.Settings.Known && !watching.Settings.Gateway.Enabled)
            {
                problems.Add("the provider kubernetesGateway is off");
            }

            var section = parent.At("sectionName").Text();
            foreach (var listener in gateway.Spec.At("listeners").Items().Where(l => section is null || l.At("name").Text() == section))
            {
                if ((listener.At("allowedRoutes", "namespaces", "from").Text() ?? "Same") == "Same" && ns != item.Namespace)
                {
                    problems.Add($"listener {ShownText.Of(listener.At("name").Text(), 80)} of Gateway {ns}/{name} takes only routes of its own namespace");
                    continue;
                }

                found.Add(listener);
            }
        }

        return ours ? found : null;
    }

    // Traefik binds a listener to the entry point of its port.
    private static string? PointOf(JsonNode? listener, TraefikSettings settings, List<string> problems)
    {
        var port = listener.At("port").Number();
        var point = settings.EntryPoints.FirstOrDefault(p => p.Port == port && !p.Udp);
        if (point is null && settings.Known)
        {
            problems.Add($"no entry point has the port {port} of listener {ShownText.Of(listener.At("name").Text(), 80)}");
        }

        return point?.Name;
    }

    private static string MatchOf(JsonNode? match)
    {
        var path = match.At("path", "value").Text() is not { } value ? "" : match.At("path", "type").Text() switch
        {
            "Exact" => $"Path(`{value}`)",
            "RegularExpression" => $"PathRegexp(`{value}`)",
            _ => $"PathPrefix(`{value}`)",
        };
        foreach (var header in match.At("headers").Items())
        {
            var name = header.At("type").Text() == "RegularExpression" ? "HeaderRegexp" : "Header";
            path = RouteDrafts.And(path, $"{name}(`{header.At("name").Text()}`, `{header.At("value").Text()}`)");
        }

        var method = match.At("method") is JsonObject grpc
            ? RouteDrafts.And(grpc.At("service").Text() is { } service ? $"PathPrefix(`/{service}/`)" : "", "")
            : match.At("method").Text() is { } verb ? $"Method(`{verb}`)" : "";
        return RouteDrafts.And(path, method);
    }
}
