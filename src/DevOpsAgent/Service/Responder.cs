using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;

namespace DevOpsAgent.Service;

/// <summary>
/// The Responder carries out what was decided: approved incidents go through the gateway to the blocker, and the incident says
/// what came of it. It reads decisions from the store, so that it doesn't matter which process made them. Each round may be
/// repeated; one runs at a time.
/// </summary>
internal sealed class Responder(IStore store, Effects effects, TimeProvider time) : IDisposable
{
    private const int Round = 200;
    private static readonly IncidentStatus[] Approved = [IncidentStatus.Approved];
    private readonly SemaphoreSlim _one = new(1);

    public void Dispose() => _one.Dispose();

    /// <summary>Applies all approved incidents. Returns those that it moved.</summary>
    /// <exception cref="StoreException">What was not reached is applied in the next round.</exception>
    public async Task<IReadOnlyList<Incident>> ApplyAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var moved = new List<Incident>();
            while (store.ListIncidents(new() { Statuses = Approved, Limit = Round }).Items is { Count: > 0 } incidents)
            {
                var before = moved.Count;
                await ApplyAsync(incidents, moved, cancellationToken);
                if (moved.Count == before)
                {
                    break;
                }
            }

            return moved;
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task ApplyAsync(IReadOnlyList<Incident> incidents, List<Incident> moved, CancellationToken cancellationToken)
    {
        var approvals = incidents.Select(i => (Incident: i, By: store.GetHistory(i.Id).LastOrDefault(static c => c.To == IncidentStatus.Approved))).ToList();
        var live = store.GetLiveBlocks();
        var requests = new List<(Incident Incident, BlockRequest Request)>();
        foreach (var (incident, approval) in approvals)
        {
            foreach (var range in incident.Recommendation?.Ranges ?? [])
            {
                // Approved, applied, and killed before the incident could say so: the block of this incident stands already.
                if (live.Any(b => b.IncidentId == incident.Id && b.Range == range && b.Status != BlockStatus.Pending))
                {
                    continue;
                }

                var by = approval?.By ?? "unknown";
                requests.Add((incident, Recommender.Request(incident, range, incident.Recommendation!.Ttl, by, approval?.Origin ?? "service", by is "auto" or "model" ? Mode.Auto : Mode.Review) with { TtlIsFinal = true }));
            }
        }

        var answers = await effects.BlockAsync([.. requests.Select(static r => r.Request)], cancellationToken);
        foreach (var (incident, approval) in approvals)
        {
            var own = requests.Select((r, i) => (r.Incident, Answer: answers[i])).Where(r => r.Incident.Id == incident.Id).Select(static r => r.Answer).ToList();
            if (Conclude(incident, own) is { } concluded)
            {
                moved.Add(concluded);
            }
            else
            {
                await TakeBackAsync(incident.Id, own);
            }
        }
    }

    /// <summary>Somebody undid the approval while it was applied: what was blocked in the meantime must not stand.</summary>
    private async Task TakeBackAsync(long incident, List<BlockAnswer> answers)
    {
        if (store.GetIncident(incident)?.Status is IncidentStatus.Approved or IncidentStatus.Blocked)
        {
            return;
        }

        // As itself, not as mode auto: it opens again what nobody wants denied any more.
        var caller = Caller.Service with { By = "service" };
        await effects.UnblockAsync([.. answers.Select(static a => a.Block).OfType<Block>().Select(static b => b.Id)], caller, CancellationToken.None);
    }

    private Incident? Conclude(Incident incident, List<BlockAnswer> answers)
    {
        var blocked = answers.Where(static a => a.Verdict is BlockVerdict.Active or BlockVerdict.Unconfirmed).ToList();
        var refused = answers.Except(blocked).ToList();
        var held = refused.Count > 0 && refused.TrueForAll(static a => a.Verdict == BlockVerdict.Held);
        if (refused.Count == 0 || blocked.Count > 0)
        {
            // Of a campaign some clients may be refused (allowlisted, private): the rest is blocked all the same, and the note says whom not.
            var note = string.Join(" ", blocked.Take(1).Select(static a => a.Text).Concat(refused.Select(static a => $"Not blocked: {a.Text}")));
            return Move(incident, IncidentStatus.Blocked, note, null);
        }

        var reason = string.Join(" ", refused.Select(static a => a.Text).Distinct(StringComparer.Ordinal).Take(3));
        return held
            ? Move(incident, IncidentStatus.Recommended, reason, i => i with { Recommendation = i.Recommendation! with { Held = reason } })
            : Move(incident, IncidentStatus.Failed, reason, null);
    }

    private Incident? Move(Incident incident, IncidentStatus to, string note, Func<Incident, Incident>? update)
    {
        var change = new StatusChange { IncidentId = incident.Id, From = IncidentStatus.Approved, To = to, At = time.GetUtcNow(), By = "service", Origin = "service", Note = note };
        return store.TryTransition(incident.Id, Approved, change, update, out var current) ? current : null;
    }

    /// <summary>
    /// A block of the incident ended: when it was the last one, the incident is over. Ended because all its clients are allowed now,
    /// it is allowed: who added the entry may not have come to say so.
    /// </summary>
    public Incident? Ended(Block block, Allowlist allowlist)
    {
        if (block.IncidentId is not { } id || store.GetLiveBlocks().Any(b => b.IncidentId == id))
        {
            return null;
        }

        var now = time.GetUtcNow();
        AllowlistEntry? entry = null;
        var isAllowed = store.GetIncident(id) is { Clients.Count: > 0 } incident && incident.Clients.All(c => allowlist.IsAllowed(c, now, out entry));
        var change = new StatusChange { IncidentId = id, From = IncidentStatus.Blocked, To = isAllowed ? IncidentStatus.Allowed : IncidentStatus.Expired, At = now, By = isAllowed ? "allowlist" : "expiry", Origin = "service", Note = isAllowed ? $"allowlist entry {entry!.Value}" : $"block {block.Id} ended" };
        return store.TryTransition(id, [IncidentStatus.Blocked], change, null, out var current) ? current : null;
    }
}
