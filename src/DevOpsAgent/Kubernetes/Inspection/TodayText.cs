using System.Globalization;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>How the cluster blocks today, in sentences.</summary>
internal static class TodayText
{
    private const int Most = 40;

    public static IReadOnlyList<string> Of(ClusterObjects objects, IReadOnlyList<EdgeReading> edges, IReadOnlyList<BlockingPattern> patterns)
    {
        var lines = new List<string>();
        if (edges.Count == 0)
        {
            lines.Add("There is no Traefik here, as far as can be read.");
        }

        foreach (var pattern in patterns.Where(static p => p is { Effect: PatternEffect.Denies, Ours: false } && !(p.DeniesAll && p.Problems.Count == 0)).Take(Most))
        {
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"{pattern.Object} denies {Ranges(pattern)} ({pattern.Path}){Where(pattern)}."));
        }

        if (!patterns.Any(static p => p is { Effect: PatternEffect.Denies, Ours: false, Seen: true, DeniesAll: false }))
        {
            lines.Add("Nothing denies single addresses today.");
        }

        foreach (var pattern in patterns.Where(static p => p.Effect == PatternEffect.Allows).Take(Most))
        {
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"{pattern.Object} lets only {Ranges(pattern)} in ({pattern.Path}){Where(pattern)}."));
        }

        foreach (var pattern in patterns.Where(static p => p.Effect is PatternEffect.Routes or PatternEffect.Unknown).Take(Most))
        {
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"{pattern.Object} {(pattern.Effect == PatternEffect.Routes ? "leads" : "lists")} {Ranges(pattern)} ({pattern.Path}){(pattern.Effect == PatternEffect.Routes ? " to another service" : ", to what end isn't known")}."));
        }

        var ours = patterns.Where(static p => p.Ours).Select(static p => p.Object.ToString()).Distinct(StringComparer.Ordinal).ToList();
        if (ours.Count > 0)
        {
            lines.Add($"Objects of this agent: {PatternFinder.Some(ours, 8)}.");
        }

        return lines;
    }

    private static string Ranges(BlockingPattern pattern) =>
        pattern.DeniesAll ? "everybody who gets to it"
        : pattern.Count == 0 ? pattern.Kind is PatternKind.AuthMiddleware or PatternKind.PluginMiddleware && !pattern.CanDeny ? "what something outside decides" : "nobody yet"
        : string.Create(CultureInfo.InvariantCulture, $"{pattern.Count} {(pattern.Count == 1 ? "range" : "ranges")}");

    private static string Where(BlockingPattern pattern)
    {
        if (!pattern.Seen)
        {
            return pattern.Kind == PatternKind.NetworkPolicy ? ", but nothing enforces it" : ", but Traefik does not act on it";
        }

        var kind = pattern.Kind is PatternKind.TcpAddressRoute or PatternKind.TcpAllowListMiddleware ? "TCP" : "HTTP";
        return pattern.CoversOf > 0 ? string.Create(CultureInfo.InvariantCulture, $" on {pattern.Covers} of {pattern.CoversOf} {kind} routes")
            : pattern.Protects.Count > 0 ? $": {PatternFinder.Some(pattern.Protects, 3)}"
            : ", in front of nothing";
    }
}
