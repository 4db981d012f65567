using DevOpsAgent.Blocking;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.App.Cli.Incidents;

/// <summary>Carries approved incidents out: by the running agent, which is waited for, or, where none runs, at once by this command.</summary>
internal static class Approval
{
    public static async Task<IReadOnlyList<DecisionView>> CarryOutAsync(OperatorDesk desk, Terminal terminal, IReadOnlyList<Incident> incidents, CancellationToken cancellationToken)
    {
        if (incidents.Count == 0)
        {
            return [];
        }

        if (desk.AgentRuns)
        {
            await desk.WaitForAgentAsync(() => incidents.All(i => desk.Store.GetIncident(i.Id)?.Status != IncidentStatus.Approved), cancellationToken);
        }
        else
        {
            await desk.Agent.Responder.ApplyAsync(cancellationToken);
        }

        return [.. incidents.Select(i => Describe(desk, terminal, desk.Store.GetIncident(i.Id) ?? i))];
    }

    private static DecisionView Describe(OperatorDesk desk, Terminal terminal, Incident incident)
    {
        var undo = $"devops-agent incidents undo {incident.Id}";
        switch (incident.Status)
        {
            case IncidentStatus.Blocked:
                var blocks = desk.Store.GetLiveBlocks().Where(b => b.IncidentId == incident.Id).OrderBy(static b => b.Range).ToList();
                var ranges = string.Join(", ", blocks.Take(5).Select(static b => b.Range.ToString())) + (blocks.Count > 5 ? $" and {blocks.Count - 5} more" : "");
                var confirmed = blocks.Count > 0 && blocks.TrueForAll(static b => b.Status == BlockStatus.Active) ? "confirmed" : "unconfirmed";
                var until = blocks.Count == 0 ? terminal.Time.GetUtcNow() : blocks.Max(static b => b.ExpiresAt);
                return new(incident.Id, "done", "blocked", $"Incident {incident.Id}: {ranges} denied until {Words.At(until)} ({confirmed}). {blocks.Select(static b => b.Result).FirstOrDefault(static r => r is not null) ?? incident.Recommendation?.Where}".TrimEnd(), undo);
            case IncidentStatus.Failed:
                var why = desk.Store.GetHistory(incident.Id).LastOrDefault(static c => c.To == IncidentStatus.Failed)?.Note;
                if (WasRefused(desk, incident))
                {
                    return new(incident.Id, "refused", "failed", $"Incident {incident.Id} was not blocked, a check forbids it: {why}", null);
                }

                return new(incident.Id, "failed", "failed", $"Incident {incident.Id} is approved, but nothing is denied: {why ?? "the agent could not write its target"} Approve it again to try again.", null);
            case IncidentStatus.Approved:
                return new(incident.Id, "waiting", "approved", $"Incident {incident.Id} is approved and stored, but the running agent has not applied it within ten seconds: see 'devops-agent incidents show {incident.Id}'.", undo);
            case IncidentStatus.Recommended when incident.Recommendation?.Held is { } held:
                return new(incident.Id, "refused", "recommended", $"Incident {incident.Id} was not blocked and waits again: {held}", null);
            default:
                return new(incident.Id, "refused", Words.Name(incident.Status), $"Incident {incident.Id} is {Words.Name(incident.Status)} now: somebody else decided meanwhile.", null);
        }
    }

    /// <summary>True: the gate said no. A target that failed was given an intent first, and that stands in the actions.</summary>
    private static bool WasRefused(OperatorDesk desk, Incident incident)
    {
        var approved = desk.Store.GetHistory(incident.Id).LastOrDefault(static c => c.To == IncidentStatus.Approved)?.At;
        return !desk.Store.GetActions(incident.Id, openOnly: false, 1).Any(a => a.IntendedAt >= approved);
    }
}
