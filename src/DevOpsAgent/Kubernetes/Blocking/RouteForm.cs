using System.Text.Json.Nodes;
using DevOpsAgent.Blocking;
using DevOpsAgent.Traefik;

namespace DevOpsAgent.Kubernetes.Blocking;

/// <summary>
/// Deny routes of our own: they outrank every other route of their entry points, whatever provider made it, and touch nothing of
/// anybody. If one breaks, the denied are let in; nobody else notices. Plain and TLS are twins, as a route without tls sees no TLS.
/// </summary>
internal static class RouteForm
{
    /// <summary>The discard port; never reached, as the middleware answers first.</summary>
    private const int Port = 9;

    /// <summary>In the order of writing; empty where nothing is denied.</summary>
    public static IReadOnlyList<OwnedObject> Objects(DenyLayout layout, DenyList list)
    {
        var http = layout.Way == BlockingWay.Routes ? Shards(layout, list, layout.Forwarded) : [];
        var tcp = layout.TcpEntryPoints.Count > 0 ? Shards(layout, list, forwarded: false) : [];
        if (http.Count + tcp.Count == 0)
        {
            return [];
        }

        var objects = new List<OwnedObject>();
        if (http.Count > 0)
        {
            objects.Add(OwnedObject.Make(layout, DenyKinds.Middleware(layout.Group), layout.Name, Nobody(layout, layout.RejectStatus)));
        }

        if (tcp.Count > 0)
        {
            objects.Add(OwnedObject.Make(layout, DenyKinds.MiddlewareTcp(layout.Group), layout.Name, Nobody(layout, 0)));
        }

        if (HasService(layout))
        {
            objects.Add(OwnedObject.Make(layout, DenyKinds.Service, ServiceName(layout), ServiceSpec()));
        }

        foreach (var shard in http)
        {
            foreach (var (suffix, entryPoints) in Twins(layout))
            {
                objects.Add(Route(layout, DenyKinds.Route(layout.Group), layout.Name + shard.Suffix + suffix, entryPoints, shard.Rules, tls: suffix.Length > 0));
            }
        }

        // Plain only: a TLS route makes Traefik wait for the client's hello, where the server speaks first everybody hangs.
        objects.AddRange(tcp.Select(shard => Route(layout, DenyKinds.RouteTcp(layout.Group), layout.Name + shard.Suffix, layout.TcpEntryPoints, shard.Rules, tls: false)));
        return objects;
    }

    /// <summary>HTTP routers that Traefik should have; their names in Traefik begin so.</summary>
    public static IReadOnlyList<ExpectedRouter> Routers(DenyLayout layout, DenyList list) =>
        layout.Way != BlockingWay.Routes ? [] :
        [
            .. from shard in Shards(layout, list, layout.Forwarded)
               from twin in Twins(layout)
               from rule in shard.Rules
               select new ExpectedRouter($"{layout.Namespace}-{layout.Name}{shard.Suffix}{twin.Suffix}-", rule),
        ];

    private static IEnumerable<(string Suffix, IReadOnlyList<string> EntryPoints)> Twins(DenyLayout layout) =>
        new[] { ("", layout.EntryPoints), ("-tls", layout.TlsEntryPoints) }.Where(static t => t.Item2.Count > 0);

    /// <summary>Without pods: the middleware answers first, so denied requests are in the access log with the route's name.</summary>
    public static JsonObject ServiceSpec() =>
        new() { ["ports"] = new JsonArray(new JsonObject { ["name"] = "discard", ["port"] = Port, ["protocol"] = "TCP" }) };

    public static string ServiceName(DenyLayout layout) => $"{layout.Name}-blackhole";

    private static IReadOnlyList<RuleShard> Shards(DenyLayout layout, DenyList list, bool forwarded) =>
        RuleShards.Of(list, !forwarded ? null : layout.SecondSyntax
            ? static (ranges, open) => ForwardedRule.Text(ranges, open).Replace("HeaderRegexp(", "HeadersRegexp(", StringComparison.Ordinal)
            : ForwardedRule.Text);

    private static JsonObject Nobody(DenyLayout layout, int status)
    {
        var list = new JsonObject { ["sourceRange"] = new JsonArray("255.255.255.255/32") };
        if (status != 0)
        {
            list["rejectStatusCode"] = status;
        }

        return new() { [layout.AllowList] = list };
    }

    private static OwnedObject Route(DenyLayout layout, ResourceType type, string name, IReadOnlyList<string> entryPoints, IReadOnlyList<string> rules, bool tls)
    {
        var isTcp = type.Kind == "IngressRouteTCP";
        var routes = new JsonArray();
        foreach (var rule in rules)
        {
            var route = new JsonObject();
            if (!isTcp)
            {
                route["kind"] = "Rule";
            }

            route["match"] = rule;
            route["priority"] = DenyFile.Priority;
            route["middlewares"] = new JsonArray(new JsonObject { ["name"] = layout.Name });
            route["services"] = new JsonArray(HasService(layout)
                ? new JsonObject { ["name"] = ServiceName(layout), ["port"] = Port, ["nativeLB"] = true }
                : new JsonObject { ["name"] = "noop@internal", ["kind"] = "TraefikService" });
            routes.Add((JsonNode)route);
        }

        var spec = new JsonObject { ["entryPoints"] = new JsonArray([.. entryPoints.Select(static e => JsonValue.Create(e))]), ["routes"] = routes };
        if (tls)
        {
            spec["tls"] = new JsonObject();
        }

        return OwnedObject.Make(layout, type, name, spec);
    }

    /// <summary>The earlier CRDs know no nativeLB, and a Service without pods would drop the route.</summary>
    private static bool HasService(DenyLayout layout) => layout.Group == DenyKinds.CurrentGroup;
}
