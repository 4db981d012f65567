using System.Collections.Concurrent;
using DevOpsAgent.Detection;
using DevOpsAgent.Guards;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;

namespace DevOpsAgent.Service;

/// <summary>What mode auto is to approve. An incident stays here until its approval is stored, however long the store is down.</summary>
internal sealed class AutoApprovals(IStore store, Effects effects)
{
    /// <summary>Approved in one call; more wait for the next round.</summary>
    private const int Batch = 200;

    private readonly ConcurrentQueue<long> _waiting = new();

    public static bool IsFor(Incident incident) =>
        incident is { Status: IncidentStatus.Recommended, Recommendation: { Action: RuleAction.Block, Held: null } };

    public void Add(Incident incident) => _waiting.Enqueue(incident.Id);

    /// <summary>At the start: killed between storing a finding and approving it. Only the last commit can have been followed by nothing.</summary>
    public void AddWhatACrashLeft()
    {
        if (store.GetCheckpoints() is not [var last, ..])
        {
            return;
        }

        foreach (var incident in store.ListIncidents(new() { Statuses = [IncidentStatus.Recommended], Limit = 500, WithoutEvidence = true }).Items)
        {
            if (incident.UpdatedAt >= last.At && IsFor(incident))
            {
                Add(incident);
            }
        }
    }

    /// <exception cref="StoreException">What was not approved waits for the next call.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var decisions = new List<IncidentDecision>();
        while (decisions.Count < Batch && _waiting.TryDequeue(out var id))
        {
            decisions.Add(new(id, DecisionKind.Approve, Caller.Service.By, Caller.Service.Origin));
        }

        StoreFault? fault = null;
        var outcomes = await effects.DecideAsync(decisions, Caller.Service, cancellationToken);
        foreach (var outcome in outcomes.Where(static o => o.Result == DeskResult.Unavailable))
        {
            fault = StoreFault.Unavailable;
            _waiting.Enqueue(outcome.Id);
        }

        if (fault is { } known)
        {
            throw new StoreException(outcomes.First(static o => o.Result == DeskResult.Unavailable).Message, known);
        }
    }
}
