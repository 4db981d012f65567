using System.Text.Json;
using DevOpsAgent.Guards;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <param name="Namespace">Only what stands in it; null: the whole cluster.</param>
internal sealed record InspectRequest(string? Namespace);

/// <summary>Tells how the cluster blocks today and how to block with it. Only reads, and gives no value of a Secret.</summary>
/// <param name="open">Connects to the cluster of the configuration; disposed after each call where it can be.</param>
internal sealed class InspectPatternsTool(Func<IKubernetesApi> open, string? namedList) : Tool<InspectRequest>
{
    public override string Name => "inspect_patterns";

    public override string Description => "Lists what in the Kubernetes cluster lets or denies clients by address (Traefik middlewares, routes, mounted lists, network policies), what each protects, and the way to block with reasons";

    public override ToolSchema Schema { get; } = new([new("namespace", FieldType.Text, "Only patterns of this namespace") { Required = false, MaxLength = 63 }]);

    public override bool HasEffect => false;

    public override void Write(InspectRequest request, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        if (request.Namespace is { } ns)
        {
            writer.WriteString("namespace", ns);
        }

        writer.WriteEndObject();
    }

    public override InspectRequest Bind(JsonElement parameters, Caller caller) =>
        new(parameters.TryGetProperty("namespace", out var ns) && ns.GetString() is { Length: > 0 } text ? text : null);

    internal override async Task<IReadOnlyList<ToolResult>> RunAsync(IReadOnlyList<Permit<InspectRequest>> permits, CancellationToken cancellationToken)
    {
        var results = new List<ToolResult>(permits.Count);
        foreach (var permit in permits)
        {
            results.Add(await InspectAsync(permit.Take(), cancellationToken));
        }

        return results;
    }

    private async Task<ToolResult> InspectAsync(InspectRequest request, CancellationToken cancellationToken)
    {
        IKubernetesApi? api = null;
        try
        {
            api = open();
            var picture = await new ClusterInspector(api, namedList).InspectAsync(cancellationToken);
            if (request.Namespace is { } ns)
            {
                picture = picture with { Patterns = [.. picture.Patterns.Where(p => p.Object.Namespace == ns)], Routes = [.. picture.Routes.Where(r => r.Object.Namespace == ns)] };
            }

            using var json = JsonDocument.Parse(PictureJson.Text(PictureJson.Of(picture, PictureLimits.Brief)));
            var ways = picture.Edges.Select(static e => $"{e.Settings.Workload?.ToString() ?? "Traefik"}: {e.Way.Reason}");
            return new(true, string.Join(" ", [.. picture.Today.Take(8), .. ways]), json.RootElement.Clone()) { Value = picture };
        }
        catch (KubernetesException e)
        {
            return new(false, $"The cluster could not be inspected: {e.Message}");
        }
        finally
        {
            (api as IDisposable)?.Dispose();
        }
    }
}
