using DevOpsAgent.Logs.Sources;
using DevOpsAgent.Configuration;
using DevOpsAgent.App.Views;
using DevOpsAgent.Detection;
using DevOpsAgent.Guards;
using DevOpsAgent.Incidents;
using DevOpsAgent.Logs;
using DevOpsAgent.Service;
using DevOpsAgent.Store;

namespace DevOpsAgent.App.Web;

/// <summary>The agent itself: mode, counts, sources, target, and its event stream.</summary>
internal static class StatusApi
{
    private static readonly IncidentStatus[] s_waiting = [IncidentStatus.Open, IncidentStatus.Recommended, IncidentStatus.Failed];

    public static IReadOnlyList<Endpoint> Endpoints { get; } =
    [
        new("GET", "/api/stats", Effect.None, Stats),
        new("GET", "/api/status", Effect.None, Status),
        new("GET", "/api/mode", Effect.None, static call => call.Answer(new ModeView(IncidentView.Name(call.Parts.Status.Current.Mode)), WebCall.Json.ModeView)),
        new("PUT", "/api/mode", Effect.Write, SetMode),
        new("GET", "/api/events", Effect.None, static call => call.Context.RequestServices.GetRequiredService<EventStream>().Serve(call)),
    ];

    public static StatusView View(WebParts parts)
    {
        var s = parts.Status.Current;
        return new()
        {
            Version = s.Version,
            StartedAt = s.StartedAt,
            At = parts.Time.GetUtcNow(),
            Mode = IncidentView.Name(s.Mode),
            Sources = [.. s.Sources.Select(static x => new SourceView(x.Source, IncidentView.Name(x.State), x.LagBytes, x.LastReadAt, x.Advice))],
            LagBytes = s.Sources.Sum(static x => x.LagBytes),
            Lines = s.Lines,
            Parsed = s.Parsed.ToDictionary(static x => Format(x.Key), static x => x.Value, StringComparer.Ordinal),
            Unparsed = s.Unparsed.Where(static x => x.Key != UnparsedReason.None).ToDictionary(static x => LineStatistics.Label(x.Key), static x => x.Value, StringComparer.Ordinal),
            TrackedClients = s.TrackedClients,
            Evictions = s.Evictions,
            Target = new(s.Target.Description, s.Target.Configured, s.Target.Reachable, s.Target.Drift, s.Target.CheckedAt),
            StoreHealthy = s.Store.Healthy,
            StoreMessage = s.Store.Message,
            CapReached = s.CapReached,
            LiveBlocks = LiveBlocks(parts),
            Guard = s.Guard is { } guard ? new(guard.Reachable, guard.LastAt, guard.Lost, guard.Problem) : null,
        };
    }

    /// <summary>The number of live blocks; 0 while the store is down, which the status then says.</summary>
    public static int LiveBlocks(WebParts parts)
    {
        try
        {
            parts.Store.ListBlocks(liveOnly: true, 1, 0, out var total);
            return total;
        }
        catch (StoreException)
        {
            return 0;
        }
    }

    public static IReadOnlyDictionary<string, int> CountByStatus(IStore store) =>
        Enum.GetValues<IncidentStatus>().ToDictionary(IncidentView.Name, s => Count(store, [s], null), StringComparer.Ordinal);

    public static string Format(LogFormat format) => format == LogFormat.GenericClf ? "generic-clf" : IncidentView.Name(format);

    private static Task Status(WebCall call) => call.Answer(View(call.Parts), WebCall.Json.StatusView);

    private static Task Stats(WebCall call)
    {
        var store = call.Parts.Store;
        var atLeast = Enum.GetValues<Severity>().Select(s => Count(store, s_waiting, s)).Append(0).ToList();
        var severities = Enum.GetValues<Severity>().ToDictionary(IncidentView.Name, s => atLeast[(int)s] - atLeast[(int)s + 1], StringComparer.Ordinal);
        var status = call.Parts.Status.Current;
        return call.Answer(
            new StatsView
            {
                At = call.Parts.Time.GetUtcNow(),
                Mode = IncidentView.Name(status.Mode),
                ByStatus = CountByStatus(store),
                WaitingBySeverity = severities,
                Waiting = atLeast[0],
                LiveBlocks = LiveBlocks(call.Parts),
                Traffic = [.. status.Traffic.Select(static t => new TrafficView(t.Start, t.Requests, t.Suspicious))],
            },
            WebCall.Json.StatsView);
    }

    private static async Task SetMode(WebCall call)
    {
        var body = await call.Body(WebCall.Json.ModeBody);
        var (by, origin) = call.Who(body.By);
        if (await call.Parts.Status.SetModeAsync(WebCall.Named<Mode>("mode", body.Mode), Caller.Person(by, origin), call.Aborted) is { } refusal)
        {
            throw ProblemException.Of(422, "refused", "The agent does not do this", refusal, "Change what stands against it, then try again.");
        }

        call.Context.RequestServices.GetRequiredService<EventStream>().Wake();
        await call.Answer(new ModeView(IncidentView.Name(call.Parts.Status.Current.Mode)), WebCall.Json.ModeView);
    }

    private static int Count(IStore store, IReadOnlyCollection<IncidentStatus> statuses, Severity? atLeast) =>
        store.ListIncidents(new() { Statuses = statuses, MinSeverity = atLeast, Limit = 1 }).Total;
}
