using DevOpsAgent.Logs.Sources;
using DevOpsAgent.App.Views;
using DevOpsAgent.Service;
using DevOpsAgent.Store;

namespace DevOpsAgent.App.Web;

/// <summary>What machines ask: alive, ready, metrics, and the description of the API.</summary>
internal static class HealthApi
{
    public static IReadOnlyList<Endpoint> Endpoints { get; } =
    [
        new("GET", "/healthz", Effect.None, static call => call.Answer(new HealthView("ok", []), WebCall.Json.HealthView)),
        new("GET", "/readyz", Effect.None, Ready),
        new("GET", "/metrics", Effect.None, static call => call.AnswerText(Metrics.Render(call.Parts), "text/plain; version=0.0.4; charset=utf-8")),
        new("GET", "/openapi.json", Effect.None, static call => call.Context.RequestServices.GetRequiredService<StaticFiles>().Serve(call.Context, "openapi.json")),
    ];

    private static Task Ready(WebCall call)
    {
        var reasons = Reasons(call.Parts);
        return call.Answer(new HealthView(reasons.Count == 0 ? "ready" : "not ready", reasons), WebCall.Json.HealthView, reasons.Count == 0 ? 200 : 503);
    }

    /// <summary>Why the agent can't do its work now: the store is down, every source is, or the target can't be written.</summary>
    private static List<string> Reasons(WebParts parts)
    {
        var reasons = new List<string>();
        var status = parts.Status.Current;
        if (!status.Store.Healthy)
        {
            reasons.Add("store: " + (status.Store.Message ?? "not writable"));
        }
        else
        {
            try
            {
                parts.Store.ChangeMark();
            }
            catch (StoreException e)
            {
                reasons.Add("store: " + e.Message);
            }
        }

        if (status.Sources.Count > 0 && status.Sources.All(static s => s.State is SourceState.Error or SourceState.Waiting))
        {
            reasons.AddRange(status.Sources.Select(static s => $"source {s.Source}: {s.Advice ?? IncidentView.Name(s.State)}"));
        }

        if (status.Target is { Configured: true, Reachable: false } target)
        {
            reasons.Add($"target: {target.Drift ?? target.Description + " can't be reached"}");
        }

        return reasons;
    }
}
