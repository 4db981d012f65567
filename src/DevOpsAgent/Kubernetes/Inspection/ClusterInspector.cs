using System.Globalization;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>
/// Inspects a cluster: what treats clients by their address, how the cluster blocks today, and how to block with it. Only reads. No model is
/// asked, and the same cluster gives the same picture.
/// </summary>
/// <param name="namedList">"namespace/name" or "namespace/name/key" of a ConfigMap list that the user allows us to write; null: none.</param>
internal sealed class ClusterInspector(IKubernetesApi api, string? namedList = null)
{
    /// <exception cref="KubernetesException">The cluster doesn't answer, or doesn't know us.</exception>
    public async Task<ClusterPicture> InspectAsync(CancellationToken cancellationToken)
    {
        var objects = await new ClusterReader(api).ReadAsync(cancellationToken);
        var policies = NetworkPlugin.Of(objects);
        var edges = EdgeReading.AllOf(objects);
        var patterns = PatternFinder.All(objects, edges, policies);
        foreach (var file in edges.SelectMany(static e => e.Files.Dynamic).Where(static f => f.Tree is null))
        {
            objects.Gaps.Add(new(file.File.Place, GapReason.Failed, $"can't be read, and Traefik refuses its whole folder for such a file{(file.Problem.Length == 0 ? "" : $": {file.Problem}")}"));
        }

        objects.Sort();
        return new()
        {
            Source = ShownText.Of(api.Description),
            Served = objects.Served,
            Gaps = [.. objects.Gaps.Distinct()],
            Edges = [.. edges.Select(e => new TraefikEdge(e.Settings, e.Services?.All ?? [], new WayChooser(e, objects, patterns, policies, namedList).Choose()))],
            Patterns = patterns,
            OtherMiddlewares = PatternFinder.OtherMiddlewares(objects),
            Routes = Merged(edges),
            Policies = policies,
            Today = TodayText.Of(objects, edges, patterns),
        };
    }

    /// <summary>Each rule once: as a Traefik that serves it sees it.</summary>
    private static IReadOnlyList<TrafficRoute> Merged(IReadOnlyList<EdgeReading> edges) =>
        [.. edges.SelectMany(static e => e.Routes).GroupBy(static r => (r.Route.Object, r.Origin))
            .Select(static g => g.OrderBy(static r => r.Route.Seen ? 0 : 1).First().Route)
            .OrderBy(static r => r.Object).ThenBy(static r => r.Rule).ThenBy(static r => r.Match, StringComparer.Ordinal)];
}
