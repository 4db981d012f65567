namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>What one Traefik makes of a rule: where it serves it, through which middlewares, or why not.</summary>
internal sealed class RouteResolver(Watching watching, MiddlewareChain chain)
{
    private readonly TraefikSettings _settings = watching.Settings;

    public RouteFacts Resolve(RouteDraft draft)
    {
        var problems = draft.Problems.ToList();
        if (!draft.InFile && watching.WhyNotSeen(draft.Object) is { } why)
        {
            problems.Insert(0, why);
        }

        var points = Points(draft, problems);
        var tls = draft.Tls || (points.Count > 0 && points.All(n => _settings.EntryPoints.FirstOrDefault(p => Same(p.Name, n)) is { Tls: true }));
        var applied = new List<AppliedMiddleware>();
        foreach (var point in draft.Tcp ? [] : _settings.EntryPoints.Where(p => p.Middlewares.Count > 0 && points.Contains(p.Name, StringComparer.OrdinalIgnoreCase)))
        {
            foreach (var name in point.Middlewares)
            {
                chain.Follow(new(name, null, $"entry point {point.Name}"), draft.Object.Namespace, false, false, applied, problems);
            }
        }

        foreach (var reference in draft.Middlewares)
        {
            chain.Follow(reference, draft.Object.Namespace, draft.Tcp, draft.InFile, applied, problems);
        }

        var rule = RuleText.Read(draft.Match);
        Judge(draft, rule, problems);
        var route = new TrafficRoute
        {
            Object = draft.Object.Ref,
            Rule = draft.Rule,
            Match = ShownText.Of(draft.Match),
            Tcp = draft.Tcp,
            EntryPoints = [.. draft.EntryPoints.Select(static p => ShownText.Of(p, 100)).Order(StringComparer.Ordinal)],
            Tls = draft.Tls,
            Priority = draft.Priority,
            Middlewares = applied,
            Services = draft.Services,
            Seen = problems.Count == 0,
            Problems = [.. problems.Distinct(StringComparer.Ordinal)],
            Ours = draft.Object.Ours,
        };
        return new(route, rule, points, tls, draft.Priority == 0 ? draft.Match.Length : draft.Priority, draft.Origin);
    }

    private List<string> Points(RouteDraft draft, List<string> problems)
    {
        if (draft.EntryPoints.Count == 0)
        {
            return [.. _settings.EntryPoints.Where(static p => p.IsDefault).Select(static p => p.Name)];
        }

        var known = draft.EntryPoints.Select(n => _settings.EntryPoints.FirstOrDefault(p => Same(p.Name, n))?.Name).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (known.Count == 0)
        {
            problems.Add($"Traefik has no entry point {string.Join(", ", draft.EntryPoints.Select(static p => $"'{ShownText.Of(p, 60)}'").Take(8))} and drops the route");
        }

        return known;
    }

    private void Judge(RouteDraft draft, RuleText rule, List<string> problems)
    {
        if (rule.Broken || rule.Calls.Count == 0)
        {
            problems.Add("its rule can't be read: Traefik drops the route");
            return;
        }

        var syntax = draft.Syntax ?? _settings.RuleSyntax;
        if (rule.Addresses.Invalid > 0)
        {
            problems.Add("a ClientIP() in its rule has no address: Traefik drops the route");
        }

        if (syntax == "v3" && (_settings.Major ?? 3) >= 3 && rule.Peer.Any(static c => c.Arguments.Count != 1))
        {
            problems.Add("ClientIP() with several addresses is v2 syntax: Traefik 3 drops the route");
        }
    }

    private static bool Same(string left, string right) => string.Equals(left, right, StringComparison.OrdinalIgnoreCase);
}
