using System.Globalization;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>Rules that ask for the client's address, and the services that they lead to.</summary>
internal static class AddressRoutePatterns
{
    public static IEnumerable<BlockingPattern> Of(ClusterObjects objects, IReadOnlyList<EdgeReading> edges)
    {
        var rules = edges.SelectMany(static e => e.Routes.Select(r => (Edge: e, Facts: r))).Where(static r => r.Facts.Rule.AboutAddresses)
            .GroupBy(static r => (r.Facts.Route.Object, r.Facts.Origin));
        foreach (var rule in rules)
        {
            // Where several Traefiks read it: one that serves it.
            var (edge, facts) = rule.OrderBy(static r => r.Facts.Route.Seen ? 0 : 1).First();
            var pattern = PatternOf(edge, facts, edges, objects);
            yield return pattern;
            foreach (var service in facts.Route.Services.Where(static s => s.StartsWith("TraefikService ", StringComparison.Ordinal) && !s.Contains('@', StringComparison.Ordinal)))
            {
                var name = service["TraefikService ".Length..].Split(':')[0];
                var slash = name.IndexOf('/', StringComparison.Ordinal);
                var found = objects.Find("TraefikService", slash < 0 ? facts.Route.Object.Namespace : name[..slash], name[(slash + 1)..]);
                if (found is not null)
                {
                    yield return pattern with
                    {
                        Kind = PatternKind.AddressService,
                        Effect = PatternEffect.Routes,
                        Object = found.Ref,
                        Path = $"spec.{ListDefinition.TypeOf(found.Spec)}",
                        Protects = [facts.Name],
                        Ours = found.Ours,
                        Managers = found.Managers,
                        CanDeny = false,
                        CanDenyReason = "it only spreads requests over services; the rule before it asks for the address",
                        Problems = [],
                    };
                }
            }
        }
    }

    private static BlockingPattern PatternOf(EdgeReading edge, RouteFacts facts, IReadOnlyList<EdgeReading> edges, ClusterObjects objects)
    {
        var route = facts.Route;
        var effect = EffectOf(edge, facts);
        var problems = route.Problems.ToList();
        var coverage = !route.Seen ? Coverage.None
            : facts.Denies ? Coverage.Of(edges, route.Tcp, (e, r) => e == edge ? Covered(facts, r, problems) : null)
            : Coverage.Of(edges, route.Tcp, (_, r) => r.Route.Object == route.Object && r.Origin == facts.Origin ? r.Name : null);
        var addresses = facts.Rule.Addresses;
        var item = objects.Of(route.Object.Kind).First(o => o.Ref == route.Object);
        return new()
        {
            Kind = route.Object.Kind is "ConfigMap" or "Secret" ? PatternKind.FileConfiguration
                : route.Object.Kind is "HTTPRoute" or "GRPCRoute" or "TCPRoute" or "TLSRoute" ? PatternKind.GatewayFilter
                : route.Tcp ? PatternKind.TcpAddressRoute : PatternKind.AddressRoute,
            Effect = effect,
            Object = route.Object,
            Path = facts.Origin,
            Ranges = addresses.Ranges,
            Count = addresses.Ranges.Count,
            Invalid = addresses.Invalid,
            Compares = facts.Rule.Compares,
            Status = facts.Denies ? new MiddlewareLists(objects, edge.Files).StatusOf(facts) : 0,
            Protects = coverage.Names,
            Covers = coverage.Covers,
            CoversOf = coverage.All,
            Seen = route.Seen,
            Ours = route.Ours,
            Managers = item.Managers,
            CanDeny = facts.Denies && route.Seen,
            CanDenyReason = Reason(facts, effect),
            Problems = [.. problems.Distinct(StringComparer.Ordinal).Take(20)],
        };
    }

    private static PatternEffect EffectOf(EdgeReading edge, RouteFacts facts) =>
        facts.Denies ? PatternEffect.Denies
        : !facts.Rule.Gate ? PatternEffect.Unknown
        : facts.Rule.Negated ? PatternEffect.Denies
        // Others of the same host get to another service: no gate, a fork.
        : edge.Routes.Any(o => o != facts && o.Route.Seen && !o.Rule.AboutAddresses && o.Route.Tcp == facts.Route.Tcp && o.SharesPoint(facts) && SameHost(facts, o)) ? PatternEffect.Routes
        : PatternEffect.Allows;

    private static string Reason(RouteFacts facts, PatternEffect effect) => effect switch
    {
        _ when !facts.Route.Seen => "Traefik doesn't serve it",
        PatternEffect.Denies when facts.Denies && facts.Route.Object.Kind == "ConfigMap" => "one more ClientIP() in its rule denies a client; only where you name this ConfigMap, as it is not ours",
        PatternEffect.Denies when facts.Denies && facts.Rule.OnlyAddresses => "a route of our own in the same form denies one more client, and touches nobody's object",
        PatternEffect.Denies when facts.Denies => "a route of our own in the same form denies one more client, on the hosts that it names",
        PatternEffect.Denies => "the address is kept out by the rule of a route with traffic, which belongs to somebody: a fault in it would answer 404 to everybody",
        PatternEffect.Unknown => "the address is only one of several ways into the rule",
        PatternEffect.Routes => "it leads some clients elsewhere; it denies nobody",
        _ => "it lets only the listed in, on its own rule; it can't deny one client",
    };

    /// <summary>The route's name where the denial comes before it; a problem where it is asked too late.</summary>
    private static string? Covered(RouteFacts denial, RouteFacts route, List<string> problems)
    {
        if (!denial.SharesPoint(route) || denial.Tls != route.Tls || !SameHost(denial, route))
        {
            return null;
        }

        if (denial.Priority <= route.Priority)
        {
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"its priority {denial.Priority} is not above {route.Priority} of {route.Route.Object}, rule {route.Route.Rule}: not denied there"));
            return null;
        }

        return route.Name;
    }

    private static bool SameHost(RouteFacts one, RouteFacts other) =>
        one.Rule.Hosts.Count == 0 || other.Rule.Hosts.Count == 0 || one.Rule.Hosts.Contains("*", StringComparer.Ordinal) || one.Rule.Hosts.Intersect(other.Rule.Hosts, StringComparer.Ordinal).Any();
}
