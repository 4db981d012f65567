using System.Globalization;
using DevOpsAgent.Addresses;
using DevOpsAgent.Guards;
using DevOpsAgent.Store;
using static DevOpsAgent.Incidents.IncidentStatus;

namespace DevOpsAgent.Incidents;

/// <summary>
/// The desk is where incidents are decided: by people through the page and the command line, and by time. It changes the store
/// only; whoever applies blocks sees the change there. Each call may be repeated and raced: one of two deciders wins, and the
/// other is told who did. Safe to use from several threads and processes.
/// </summary>
/// <param name="maxTtl">The longest time that a person may give a block: blocking.max_ttl.</param>
internal sealed class IncidentDesk(IStore store, TimeProvider time, TimeSpan maxTtl)
{
    /// <summary>How long the page offers to undo.</summary>
    public static TimeSpan UndoWindow { get; } = TimeSpan.FromSeconds(10);

    private const string HeldByPerson = "taken back by ";

    /// <summary>True: a person took an approval back, so that mode auto must not carry it out again.</summary>
    public static bool IsHeldByPerson(Recommendation? recommendation) =>
        recommendation?.Held?.StartsWith(HeldByPerson, StringComparison.Ordinal) == true;

    public DeskOutcome Decide(Permit<IncidentDecision> permit)
    {
        var decision = permit.Take();
        return Decide(decision.Id, incident => decision.Kind switch
        {
            DecisionKind.Approve => Approve(incident, decision),
            DecisionKind.Reject => Reject(incident, decision),
            _ => Undo(incident, decision),
        });
    }

    private DeskOutcome? Approve(Incident incident, IncidentDecision decision) => incident.Status switch
    {
        Approved or Blocked => DeskOutcome.AlreadyDone(incident, $"Incident {incident.Id} was already approved{Last(incident.Id, Approved)}."),
        Recommended or Failed => Unapprovable(incident, decision.Ttl) is { } reason
            ? DeskOutcome.Refused(incident, reason)
            : Move(incident, Change(decision, Approved, null), i => Approvable(i, decision.Ttl), lift: false, "approved"),
        _ => DeskOutcome.Refused(incident, Closed(incident)),
    };

    private DeskOutcome? Reject(Incident incident, IncidentDecision decision) => incident.Status switch
    {
        Rejected => DeskOutcome.AlreadyDone(incident, $"Incident {incident.Id} was already rejected{Last(incident.Id, Rejected)}."),
        Open or Recommended or Failed => Move(incident, Change(decision, Rejected, decision.Note), null, lift: false, "rejected"),
        Approved or Blocked => DeskOutcome.Refused(incident, $"Incident {incident.Id} was already approved{Last(incident.Id, Approved)}: undo it to unblock."),
        _ => DeskOutcome.Refused(incident, Closed(incident)),
    };

    private DeskOutcome? Undo(Incident incident, IncidentDecision decision)
    {
        var id = incident.Id;
        var to = incident.Recommendation is null ? Open : Recommended;
        if (incident.Status is Approved or Blocked or Rejected && decision.Within is { } window && time.GetUtcNow() - Decided(incident) > window)
        {
            return DeskOutcome.Refused(incident, $"Incident {id} was {Name(incident.Status)}{Last(id, incident.Status)}, too long ago for a quick undo: unblock it, or undo it without a window.");
        }

        return incident.Status switch
        {
            Approved or Blocked => Move(incident, Change(decision, Recommended, "undone"), i => Hold(i, decision.By), lift: true, "back in review and unblocked"),
            Rejected => Move(incident, Change(decision, to, "undone"), null, lift: false, "back in review"),
            Open or Recommended => DeskOutcome.AlreadyDone(incident, $"Incident {id} waits for review."),
            Failed => DeskOutcome.Refused(incident, $"Incident {id} failed and blocks nothing: approve it to try again, or reject it."),
            _ => DeskOutcome.Refused(incident, Closed(incident)),
        };
    }

    /// <summary>
    /// Closes what nobody acted on and what brought no new finding for so long. Returns the incidents that were closed, for
    /// <see cref="IncidentBook.Stored"/>. Throws <see cref="StoreException"/>.
    /// </summary>
    public IReadOnlyList<Incident> ExpireStale(TimeSpan age)
    {
        IncidentStatus[] from = [Open, Recommended, Failed];
        var before = time.GetUtcNow() - age;
        var expired = new List<Incident>();
        while (store.ListIncidents(new() { Statuses = from, UpdatedBefore = before, Limit = 200, WithoutEvidence = true }).Items is { Count: > 0 } stale)
        {
            var count = expired.Count;
            foreach (var incident in stale)
            {
                if (store.TryTransition(incident.Id, from, Change(incident.Id, Expired, "expiry", "service", "nobody acted on it"), null, out var current))
                {
                    expired.Add(current!);
                }
            }

            if (expired.Count == count)
            {
                break;
            }
        }

        return expired;
    }

    /// <summary>
    /// What follows from a permitted change of the allowlist, to be called after it: incidents all of whose clients are allowed now become allowed, their blocks are
    /// lifted. Returns them. Throws <see cref="StoreException"/>.
    /// </summary>
    public IReadOnlyList<Incident> Allow(Allowlist allowlist, string by, string origin)
    {
        IncidentStatus[] from = [Open, Recommended, Approved, Blocked, Failed];
        var now = time.GetUtcNow();
        var covered = new List<(Incident Incident, AllowlistEntry Entry)>();
        for (var offset = 0; ;)
        {
            var page = store.ListIncidents(new() { Statuses = from, Limit = 200, Offset = offset, WithoutEvidence = true });
            foreach (var incident in page.Items)
            {
                AllowlistEntry? entry = null;
                if (incident.Clients.Count > 0 && incident.Clients.All(c => allowlist.IsAllowed(c, now, out entry)))
                {
                    covered.Add((incident, entry!));
                }
            }

            offset += page.Items.Count;
            if (page.Items.Count == 0 || offset >= page.Total)
            {
                break;
            }
        }

        var allowed = new List<Incident>();
        foreach (var (incident, entry) in covered)
        {
            if (store.TryTransitionAndLift(incident.Id, from, Change(incident.Id, Allowed, by, origin, $"allowlist entry {entry.Value}"), null, out var current))
            {
                allowed.Add(current!);
            }
        }

        return allowed;
    }

    private DeskOutcome Decide(long id, Func<Incident, DeskOutcome?> decide)
    {
        try
        {
            // Each turn sees the state that beat the one before; nobody loses often.
            for (var turn = 0; turn < 10; turn++)
            {
                if (store.GetIncident(id) is not { } incident)
                {
                    return DeskOutcome.NotFound(id);
                }

                if (decide(incident) is { } outcome)
                {
                    return outcome;
                }
            }

            return DeskOutcome.Unavailable(id, $"Incident {id} is being changed by others all the time: try again.");
        }
        catch (StoreException fault)
        {
            return DeskOutcome.Unavailable(id, fault.Message);
        }
    }

    /// <summary>Null: somebody was faster, look again.</summary>
    private DeskOutcome? Move(Incident seen, StatusChange change, Func<Incident, Incident>? update, bool lift, string what)
    {
        IncidentStatus[] from = [seen.Status];
        Incident? current;
        var moved = lift
            ? store.TryTransitionAndLift(seen.Id, from, change, update, out current)
            : store.TryTransition(seen.Id, from, change, update, out current);
        if (moved)
        {
            return DeskOutcome.Done(current!, $"Incident {seen.Id} ({seen.Subject}, {seen.Threat}) is {what}.");
        }

        // The same status and yet no: only one incident of a client and threat can be open.
        return current?.Status == seen.Status && store.FindOpenIncident(seen.Subject, seen.Threat) is { } newer && newer.Id != seen.Id
            ? DeskOutcome.Refused(seen, $"Incident {newer.Id} of the same client and threat has been opened since: decide on that one.")
            : null;
    }

    private string? Unapprovable(Incident incident, TimeSpan? ttl) =>
        incident.Recommendation is not { Ranges.Count: > 0 }
            ? $"Incident {incident.Id} has no address to block: reject it, or add a block by hand."
        : ttl is { } time && (time <= TimeSpan.Zero || time > maxTtl)
            ? $"A block lasts more than nothing and at most {maxTtl} (blocking.max_ttl), not {time}."
        : null;

    private static Incident Approvable(Incident incident, TimeSpan? ttl) =>
        ttl is { } time && incident.Recommendation is { } recommendation ? incident with { Recommendation = recommendation with { Ttl = time } } : incident;

    private static Incident Hold(Incident incident, string by) =>
        incident.Recommendation is { } recommendation ? incident with { Recommendation = recommendation with { Held = $"{HeldByPerson}{by}" } } : incident;

    private string Closed(Incident incident) => incident.Status switch
    {
        Open => $"Incident {incident.Id} has no recommendation: there is nothing to approve.",
        Rejected => $"Incident {incident.Id} was rejected{Last(incident.Id, Rejected)}: undo that first.",
        Allowed => $"Incident {incident.Id} is allowed{Last(incident.Id, Allowed)}: remove the allowlist entry to let it be blocked.",
        _ => $"Incident {incident.Id} is {Name(incident.Status)}{Last(incident.Id, incident.Status)}: it is closed.",
    };

    /// <summary>When the person decided: a blocked incident was approved a moment before it was blocked.</summary>
    private DateTimeOffset Decided(Incident incident) => incident.Status is Blocked
        ? store.GetHistory(incident.Id).LastOrDefault(static c => c.To is Approved)?.At ?? incident.StatusAt
        : incident.StatusAt;

    /// <summary>" by alice at 2026-01-02 03:04:05Z"</summary>
    private string Last(long id, IncidentStatus to) => store.GetHistory(id).LastOrDefault(c => c.To == to) is { } change
        ? string.Create(CultureInfo.InvariantCulture, $" by {change.By} at {change.At:u}")
        : "";

    private StatusChange Change(IncidentDecision decision, IncidentStatus to, string? note) => Change(decision.Id, to, decision.By, decision.Origin, note);

    private StatusChange Change(long id, IncidentStatus to, string by, string origin, string? note) =>
        new() { IncidentId = id, From = null, To = to, At = time.GetUtcNow(), By = by, Origin = origin, Note = note };

    private static string Name(IncidentStatus status) => status.ToString().ToLowerInvariant();
}
