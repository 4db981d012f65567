using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>All rules of all route objects, in the order of their objects' names.</summary>
internal static class RouteDrafts
{
    private const string Annotation = "traefik.ingress.kubernetes.io/router.";

    public static IEnumerable<RouteDraft> Of(ClusterObjects objects, Watching watching) =>
        objects.Of("IngressRoute").SelectMany(static o => OfIngressRoute(o, tcp: false))
            .Concat(objects.Of("IngressRouteTCP").SelectMany(static o => OfIngressRoute(o, tcp: true)))
            .Concat(objects.Of("Ingress").SelectMany(OfIngress))
            .Concat(((string[])["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"]).SelectMany(objects.Of).SelectMany(o => GatewayRoutes.Of(o, objects, watching)));

    private static IEnumerable<RouteDraft> OfIngressRoute(ClusterObject item, bool tcp)
    {
        var routes = item.Spec.At("routes").Items();
        for (var i = 0; i < routes.Count; i++)
        {
            var route = routes[i];
            var services = route.At("services").Items().Select(ServiceName).ToList();
            yield return new(item, i + 1, route.At("match").Text() ?? "", tcp, $"spec.routes[{i}].match")
            {
                EntryPoints = item.Spec.At("entryPoints").Texts(),
                Tls = item.Spec.At("tls") is not null,
                Priority = route.At("priority").Number() ?? 0,
                Syntax = route.At("syntax").Text(),
                Middlewares = [.. route.At("middlewares").Items().Select(static m => new MiddlewareReference(m.At("name").Text() ?? "", m.At("namespace").Text(), ""))],
                Services = services,
                Problems = services.Count == 0 ? ["it has no service: Traefik drops it"] : [],
            };
        }
    }

    private static string ServiceName(JsonNode? service)
    {
        var ns = service.At("namespace").Text() is { } other ? other + "/" : "";
        var kind = service.At("kind").Text() is "TraefikService" ? "TraefikService " : "";
        var port = service.At("port").Text() is { } number ? $":{number}" : "";
        return ShownText.Of($"{kind}{ns}{service.At("name").Text()}{port}");
    }

    private static IEnumerable<RouteDraft> OfIngress(ClusterObject item)
    {
        var annotations = item.Annotations;
        var middlewares = Words(annotations.GetValueOrDefault(Annotation + "middlewares")).Select(static m => new MiddlewareReference(m, null, "annotation")).ToList();
        var rule = 0;
        foreach (var (host, path, type, backend, origin) in Paths(item))
        {
            yield return new(item, ++rule, And(host.Length == 0 ? "" : $"Host(`{host}`)", path.Length == 0 ? host.Length == 0 ? "PathPrefix(`/`)" : "" : $"{(type == "Exact" ? "Path" : "PathPrefix")}(`{path}`)"), false, origin)
            {
                EntryPoints = Words(annotations.GetValueOrDefault(Annotation + "entrypoints")),
                Tls = string.Equals(annotations.GetValueOrDefault(Annotation + "tls"), "true", StringComparison.OrdinalIgnoreCase),
                Priority = long.TryParse(annotations.GetValueOrDefault(Annotation + "priority"), System.Globalization.CultureInfo.InvariantCulture, out var priority) ? priority : 0,
                Middlewares = middlewares,
                Services = backend is null ? [] : [ShownText.Of(backend)],
            };
        }
    }

    private static IEnumerable<(string Host, string Path, string? Type, string? Backend, string Origin)> Paths(ClusterObject item)
    {
        if (item.Spec.At("defaultBackend") is { } fallback)
        {
            yield return ("", "/", "Prefix", Backend(fallback), "spec.defaultBackend");
        }

        var rules = item.Spec.At("rules").Items();
        for (var i = 0; i < rules.Count; i++)
        {
            var paths = rules[i].At("http", "paths").Items();
            for (var j = 0; j < paths.Count; j++)
            {
                yield return (rules[i].At("host").Text() ?? "", paths[j].At("path").Text() ?? "", paths[j].At("pathType").Text(), Backend(paths[j].At("backend")), $"spec.rules[{i}].http.paths[{j}]");
            }
        }
    }

    private static string? Backend(JsonNode? backend) => backend.At("service", "name").Text() is not { } name ? null
        : (backend.At("service", "port", "number") ?? backend.At("service", "port", "name")).Text() is { } port ? $"{name}:{port}" : name;

    /// <summary>Two conditions in one; either may be empty.</summary>
    public static string And(string left, string right) =>
        left.Length == 0 ? right : right.Length == 0 ? left : $"{Grouped(left)} && {Grouped(right)}";

    private static string Grouped(string rule) => rule.Contains(" || ", StringComparison.Ordinal) ? $"({rule})" : rule;

    private static IReadOnlyList<string> Words(string? text) => [.. (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
}
