using DevOpsAgent.Addresses;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.App.Web;

/// <summary>One decision for many incidents: first (dry_run) the union of the changes and what the caps say, then done.</summary>
internal static class BulkApi
{
    public static async Task Run(WebCall call)
    {
        var body = await call.Body(WebCall.Json.BulkBody);
        var (by, origin) = call.Who(body.By);
        var note = WebCall.Bounded("note", body.Note, 500);
        if (body.Action is not ("approve" or "reject" or "undo"))
        {
            throw ProblemException.BadField("action", $"'{body.Action}' is not an action.", "Give approve, reject or undo.");
        }

        if (body.Ids.Count is 0 or > IncidentsApi.MaxBulk)
        {
            throw ProblemException.BadField("ids", $"{body.Ids.Count} ids were given.", $"Give 1 to {IncidentsApi.MaxBulk} ids of incidents.");
        }

        var ids = body.Ids.Distinct().ToList();
        var incidents = ids.Select(call.Parts.Store.GetIncident).ToList();
        var view = Plan(call, body.Action, ids, incidents);
        if (!body.DryRun)
        {
            var kind = body.Action switch
            {
                "approve" => DecisionKind.Approve,
                "reject" => DecisionKind.Reject,
                _ => DecisionKind.Undo,
            };
            var outcomes = await call.Parts.Actions.DecideAsync(kind, ids, by, origin, note, call.Aborted);
            var items = outcomes.Select((outcome, i) => new BulkItemView(ids[i], Outcome.Name(outcome.Kind), outcome.Message)).ToList();
            view = view with { DryRun = false, Items = items, Succeeded = items.Count(static i => i.Result is "done" or "already") };
        }

        await call.Answer(view, WebCall.Json.BulkView);
    }

    private static BulkView Plan(WebCall call, string action, List<long> ids, List<Incident?> incidents)
    {
        var limits = call.Parts.Blocking;
        var live = call.Parts.Store.GetLiveBlocks();
        var recent = call.Parts.Store.CountBlocksSince(call.Parts.Time.GetUtcNow() - limits.Interval);
        var ranges = new SortedSet<AddressRange>();
        var items = new List<BulkItemView>(ids.Count);
        for (var i = 0; i < ids.Count; i++)
        {
            var incident = incidents[i];
            if (incident is null)
            {
                items.Add(new(ids[i], "not_found", "It does not exist any more."));
                continue;
            }

            if (action == "approve" && incident.Recommendation is not { Ranges.Count: > 0 })
            {
                items.Add(new(ids[i], "refused", "Nothing to approve: its rules only record."));
                continue;
            }

            items.Add(new(ids[i], "done", incident.Summary));
            if (action == "approve")
            {
                ranges.UnionWith(incident.Recommendation!.Ranges.Where(r => !live.Any(b => b.Range.Contains(r))));
            }
        }

        return new()
        {
            Action = action,
            DryRun = true,
            Items = items,
            Succeeded = items.Count(static i => i.Result == "done"),
            NewRanges = [.. ranges.Select(static r => r.ToCidr())],
            Where = incidents.FirstOrDefault(static i => i?.Recommendation is not null)?.Recommendation?.Where,
            LiveBlocks = live.Count,
            MaxBlocks = limits.MaxBlocks,
            RecentBlocks = recent,
            MaxNewBlocks = limits.MaxNewBlocks,
            IntervalSeconds = (long)limits.Interval.TotalSeconds,
            Caps = Caps(ranges.Count, live.Count, recent, limits),
        };
    }

    private static string? Caps(int added, int live, int recent, Configuration.BlockingConfig limits)
    {
        if (live + added > limits.MaxBlocks)
        {
            return $"Only {Math.Max(0, limits.MaxBlocks - live):N0} of {added:N0} fit: {live:N0} of {limits.MaxBlocks:N0} blocks are live (blocking.max_blocks).";
        }

        return recent + added > limits.MaxNewBlocks
            ? $"{recent:N0} blocks in the last {limits.Interval.TotalMinutes:0} min and {added:N0} now: more than the {limits.MaxNewBlocks:N0} that mode auto may make (blocking.max_new_blocks). A person may."
            : null;
    }
}
