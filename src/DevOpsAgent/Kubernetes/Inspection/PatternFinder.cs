using System.Globalization;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>Finds everything in the cluster that treats clients by their address, in the fixed order of <see cref="PatternKind"/>.</summary>
internal static class PatternFinder
{
    public static IReadOnlyList<BlockingPattern> All(ClusterObjects objects, IReadOnlyList<EdgeReading> edges, PolicyEnforcement policies) =>
        [.. Middlewares(objects, edges)
            .Concat(AddressRoutePatterns.Of(objects, edges))
            .Concat(AnnotationPatterns.Of(objects, edges))
            .Concat(FilePatterns.Of(edges))
            .Concat(PolicyPatterns.Of(objects, edges, policies))
            .OrderBy(static p => p.Kind).ThenBy(static p => p.Object).ThenBy(static p => p.Path, StringComparer.Ordinal)];

    /// <summary>The middlewares that have nothing to do with addresses: "rateLimit: shop/checkout-limit".</summary>
    public static IReadOnlyList<string> OtherMiddlewares(ClusterObjects objects) =>
        [.. ((string[])["Middleware", "MiddlewareTCP"]).SelectMany(objects.Of).Where(static o => Lists(o).Count == 0)
            .GroupBy(static o => ListDefinition.TypeOf(o.Spec), static o => o.Ref.Place, StringComparer.Ordinal).OrderBy(static g => g.Key, StringComparer.Ordinal)
            .Select(static g => string.Create(CultureInfo.InvariantCulture, $"{g.Key}: {Some(g.ToList(), 5)}"))];

    /// <summary>"a, b, c and 7 more".</summary>
    public static string Some(IReadOnlyList<string> texts, int most) =>
        string.Join(", ", texts.Take(most)) + (texts.Count > most ? string.Create(CultureInfo.InvariantCulture, $" and {texts.Count - most} more") : "");

    private static IReadOnlyList<ListDefinition> Lists(ClusterObject item) =>
        item.Ref.Kind == "MiddlewareTCP" ? ListDefinition.ReadTcp(item.Spec) : ListDefinition.ReadHttp(item.Spec, item.Ref.Name);

    private static IEnumerable<BlockingPattern> Middlewares(ClusterObjects objects, IReadOnlyList<EdgeReading> edges)
    {
        foreach (var item in ((string[])["Middleware", "MiddlewareTCP"]).SelectMany(objects.Of))
        {
            foreach (var list in Lists(item))
            {
                var tcp = item.Ref.Kind == "MiddlewareTCP";
                var coverage = Coverage.Of(edges, tcp, r => r.Route.Middlewares.FirstOrDefault(m => m.Object == item.Ref));
                var denier = list.DeniesAll && edges.Any(e => e.Routes.Any(r => r.Denies && r.Route.Middlewares.Any(m => m.Object == item.Ref)));
                var problems = Problems(item, list, edges, coverage, denier);
                yield return Of(list, item, coverage) with { Path = "spec." + list.Path, Seen = edges.Any(e => e.Watching.WhyNotSeen(item) is null), Problems = problems };
            }
        }
    }

    /// <summary>The pattern of one list; what is special to where it stands is for the caller.</summary>
    public static BlockingPattern Of(ListDefinition list, ClusterObject item, Coverage coverage)
    {
        var (can, reason) = CanDeny(list, item, coverage);
        return new()
        {
            Kind = list.Kind,
            Effect = list.DeniesAll ? PatternEffect.Denies : list.Effect,
            Object = item.Ref,
            Path = list.Path,
            Ranges = list.Addresses.Ranges,
            Count = list.Addresses.Ranges.Count,
            Invalid = list.Addresses.Invalid,
            Compares = list.Compares,
            DeniesAll = list.DeniesAll,
            Status = list.Kind == PatternKind.TcpAllowListMiddleware ? 0 : list.Status,
            Protects = coverage.Names,
            Covers = coverage.Covers,
            CoversOf = coverage.All,
            Ours = item.Ours,
            Managers = item.Managers,
            CanDeny = can,
            CanDenyReason = reason,
        };
    }

    private static (bool Can, string Reason) CanDeny(ListDefinition list, ClusterObject item, Coverage coverage)
    {
        if (list.DeniesAll)
        {
            return (false, "it lets nobody through: the answer of a deny rule, not a list");
        }

        if (list.Effect == PatternEffect.Allows)
        {
            return (false, "an allow list can't deny one client: it would have to list everybody else, on every route");
        }

        if (list.Addresses.Ranges.Count == 0 && list.Remark.Length > 0 && !list.Path.Contains("List", StringComparison.OrdinalIgnoreCase))
        {
            return (false, "its list is not in the cluster");
        }

        var whose = item.Ours ? "" : $"; it belongs to {(item.Managers.Count == 0 ? "somebody else" : string.Join(", ", item.Managers))}, and objects of others are never edited";
        return list.Effect == PatternEffect.Denies
            ? (true, string.Create(CultureInfo.InvariantCulture, $"one more entry denies a client, on the {coverage.Covers} of {coverage.All} routes that go through it{whose}"))
            : (false, "what it does with the addresses that it lists isn't known");
    }

    private static List<string> Problems(ClusterObject item, ListDefinition list, IReadOnlyList<EdgeReading> edges, Coverage coverage, bool denier)
    {
        var problems = new List<string>();
        if (list.Remark.Length > 0 && !(list.DeniesAll && denier))
        {
            problems.Add(list.Remark);
        }

        var reasons = edges.Select(e => e.Watching.WhyNotSeen(item)).ToList();
        if (reasons.Count > 0 && reasons.TrueForAll(static r => r is not null))
        {
            problems.Add(reasons[0]!);
        }

        if (list.Path == "ipAllowList" && edges.Any(static e => e.Settings.Major == 2 && TraefikImage.Minor(e.Settings.Version) < 11))
        {
            problems.Add("ipAllowList is not known before Traefik 2.11: it was called ipWhiteList");
        }

        if (list.Path == "ipWhiteList" && edges.Any(static e => e.Settings.Major >= 3))
        {
            problems.Add("ipWhiteList is deprecated: ipAllowList since Traefik 2.11");
        }

        if (coverage.Covers == 0 && !denier && edges.Count > 0)
        {
            problems.Add("no route that Traefik serves goes through it");
        }

        return problems;
    }
}
