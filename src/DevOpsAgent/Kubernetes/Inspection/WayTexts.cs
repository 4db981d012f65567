using System.Globalization;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>What speaks for and against each way at one Traefik, in words.</summary>
internal sealed class WayTexts(TraefikSettings settings, DenyPoints points, IReadOnlyList<BlockingPattern> patterns, PolicyEnforcement policies)
{
    public string Reason(WayKind kind, BlockingPattern? model, IReadOnlyList<string> obstacles, IReadOnlyList<BlockingPattern> lists, BlockingPattern? list, string? named) => kind switch
    {
        WayKind.ConfigMapList => $"you named {list!.Object}, a list that Traefik reads",
        WayKind.ExistingPattern => $"the cluster denies by {model!.Object} already: routes of our own in the same form cover every HTTP route and edit nobody's object",
        WayKind.DenyRoutes => "deny routes of our own cover every HTTP route on the entry points, whoever made it, and edit nobody's object",
        WayKind.NetworkPolicy => $"no route of ours would be served ({obstacles[0]}); a NetworkPolicy is the last resort",
        _ => $"nothing can be blocked through the API here: {(obstacles.Count > 0 ? obstacles[0] : "no way is open")}"
            + (named is not null ? $"; the list {ShownText.Of(named)} that you named was not found among what Traefik reads"
                : lists.Count > 0 ? $"; or name {PatternFinder.Some([.. lists.Select(static l => l.Object.ToString()).Distinct(StringComparer.Ordinal)], 3)} as a list that may be written"
                : ""),
    };

    public WayVerdict Existing(bool chosen, BlockingPattern? model, IReadOnlyList<string> obstacles)
    {
        var (pro, contra) = (new List<string>(), new List<string>());
        var denying = patterns.Where(static p => p is { Effect: PatternEffect.Denies, Ours: false, DeniesAll: false }).ToList();
        if (model is not null)
        {
            pro.Add($"{model.Object} denies by ClientIP(){(model.Status > 0 ? string.Create(CultureInfo.InvariantCulture, $" with status {model.Status}") : "")} on {Share(model)}: the people here know the form");
            pro.Add("our own objects beside it take nothing away from it");
        }

        foreach (var pattern in denying.Where(p => p != model))
        {
            contra.Add($"{pattern.Object} ({pattern.Path}): {Share(pattern)}; {pattern.CanDenyReason}");
        }

        var allowing = patterns.Count(static p => p.Effect == PatternEffect.Allows);
        if (allowing > 0)
        {
            contra.Add(string.Create(CultureInfo.InvariantCulture, $"{allowing} allow {(allowing == 1 ? "list" : "lists")}: an allow list can't deny one client without listing all others, on every route"));
        }

        if (denying.Count == 0 && model is null)
        {
            contra.Add("nothing in the cluster denies by address today");
        }

        if (model is null && denying.Count > 0)
        {
            contra.AddRange(obstacles);
        }

        return Verdict(WayKind.ExistingPattern, chosen, model is not null, pro, contra);
    }

    public WayVerdict Deny(bool chosen, IReadOnlyList<string> obstacles)
    {
        var pro = new List<string>();
        if (obstacles.Count == 0)
        {
            var names = PatternFinder.Some([.. points.Http.Select(static p => p.Name)], 8);
            pro.Add($"one pair of routers (plain and TLS) on {(names.Length > 0 ? names : "no HTTP entry point")} stands before IngressRoute, Ingress and HTTPRoute alike, and before hosts that nobody routes");
            pro.Add("only objects of our own: deleting them undoes everything, and a broken one lets the blocked in, nobody out");
            pro.Add("up to 40,000 addresses in one object at almost no cost per request");
        }

        List<string> contra = [.. obstacles];
        foreach (var point in points.Http.Where(static p => p.Sight == ClientSight.ForwardedFor))
        {
            contra.Add($"entry point {point.Name} needs the form for X-Forwarded-For, not ClientIP(): {point.SightReason}");
        }

        if (!settings.Known)
        {
            contra.Add("Traefik's configuration was not read: its entry points are assumed, and who its peer is isn't known");
        }

        foreach (var point in points.Http.Where(p => settings.Known && p.Sight is (ClientSight.Hidden or ClientSight.Unknown)))
        {
            contra.Add($"entry point {point.Name}: {point.SightReason}");
        }

        contra.AddRange(points.Remarks);
        contra.Add("it answers with a status instead of closing the connection; each change is read by Traefik at most every " + settings.Crd.Throttle);
        return Verdict(WayKind.DenyRoutes, chosen, obstacles.Count == 0, pro, contra);
    }

    public WayVerdict Tcp(bool along, IReadOnlyList<string> obstacles)
    {
        var names = PatternFinder.Some([.. points.Tcp.Select(static p => p.Name)], 8);
        List<string> pro = points.Tcp.Count > 0 && obstacles.Count == 0 ? [$"on {names} there are TCP services and no HTTP: deny routes for HTTP don't stand before them, these do"] : [];
        List<string> contra = [.. obstacles];
        if (points.Tcp.Count == 0)
        {
            contra.Add("no entry point carries TCP services alone");
        }

        contra.Add("HTTPS is not shielded by TCP routers, and connections that are open stay open: HTTP deny routes are stronger where HTTP is served");
        return Verdict(WayKind.TcpDenyRoutes, along, points.Tcp.Count > 0 && obstacles.Count == 0, pro, contra);
    }

    public WayVerdict List(bool chosen, IReadOnlyList<BlockingPattern> lists, bool found, string? named)
    {
        List<string> pro = [.. lists.Select(static l => string.Create(CultureInfo.InvariantCulture, $"{l.Object} ({l.Path}) is read by Traefik already and denies {l.Count} {(l.Count == 1 ? "range" : "ranges")}"))];
        List<string> contra = [];
        if (lists.Count == 0)
        {
            contra.Add(!settings.Known ? "what Traefik's pods mount isn't known"
                : settings.File.Enabled
                ? settings.File.MountedFrom is { Count: > 0 } from ? $"nothing that denies by address was found in {PatternFinder.Some([.. from.Select(static s => s.ToString())], 5)}, which the file provider reads" : "the files of the file provider don't come from a ConfigMap"
                : "Traefik's pods mount no list that denies by address, and the file provider is off");
        }
        else
        {
            contra.Add("the ConfigMap isn't ours: it is written only where you name it, and with its resourceVersion as a condition");
            contra.Add("kubelets bring a changed ConfigMap to the pods after up to a minute or more, and never to a subPath mount");
        }

        if (named is not null && !found)
        {
            contra.Add($"you named {ShownText.Of(named)}, which is not among the lists that Traefik reads");
        }

        return Verdict(WayKind.ConfigMapList, chosen, found, pro, contra);
    }

    public WayVerdict Policy(bool chosen, IReadOnlyList<string> obstacles)
    {
        List<string> pro = obstacles.Count == 0 ? [$"{policies.By} enforces it ({policies.Reason}), no other policy selects Traefik's pods, and they see the client's own address"] : [];
        List<string> contra = [.. obstacles, "a first policy on Traefik's pods shuts out all that it does not allow, health checks and metrics included"];
        return Verdict(WayKind.NetworkPolicy, chosen, obstacles.Count == 0, pro, contra);
    }

    private static string Share(BlockingPattern pattern) => pattern.CoversOf == 0 ? pattern.Protects.Count > 0 ? PatternFinder.Some(pattern.Protects, 2) : "in front of nothing"
        : string.Create(CultureInfo.InvariantCulture, $"{pattern.Covers} of {pattern.CoversOf} {(pattern.Kind is PatternKind.TcpAddressRoute or PatternKind.TcpAllowListMiddleware ? "TCP" : "HTTP")} routes");

    private static WayVerdict Verdict(WayKind kind, bool chosen, bool possible, IReadOnlyList<string> pro, IReadOnlyList<string> contra) =>
        new(kind, chosen, possible, pro, [.. contra.Distinct(StringComparer.Ordinal).Take(20)]);
}
