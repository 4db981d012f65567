using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Store;

namespace DevOpsAgent.Incidents;

/// <summary>What the rules that fired for an incident ask for, all of them together: the strongest action, the longest time, the widest mode.</summary>
/// <param name="Mode">Null: the global mode.</param>
/// <param name="Ttl">Null: the configured time.</param>
/// <param name="RuleId">The rule with the strongest action and the widest mode: Recommendation.ProposedBy is "rule " and this.</param>
internal sealed record Proposal(RuleAction Action, Mode? Mode, TimeSpan? Ttl, string RuleId);

/// <summary>
/// The book of incidents turns findings into changes of incidents: one per subject and threat while it is open, later findings
/// merged into it. It knows the open incidents, and those that were rejected or allowed lately. Recording changes nothing in the
/// book: a batch that could not be committed is recorded again. For one thread.
/// </summary>
internal sealed class IncidentBook(TimeProvider time)
{
    /// <summary>
    /// A rejected incident takes further findings in silence for this long, unless the severity rises: people who said no once are
    /// not asked again each minute by a scan that goes on. After it a new incident is opened. Allowed ones the same.
    /// </summary>
    public static TimeSpan QuietTime { get; } = TimeSpan.FromHours(24);

    private const int PageSize = 500;

    // Another process takes its time stamp a moment before its change can be seen.
    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(2);

    private static readonly IncidentStatus[] Watched =
        [IncidentStatus.Open, IncidentStatus.Recommended, IncidentStatus.Approved, IncidentStatus.Blocked, IncidentStatus.Failed, IncidentStatus.Rejected, IncidentStatus.Allowed];

    // Kept without evidence: each finding brings all of it, and tens of kilobytes of samples per open incident add up.
    private static readonly Evidence Unloaded = new();

    private readonly Dictionary<(string Subject, string Threat), Incident> _incidents = [];
    private DateTimeOffset _seen = DateTimeOffset.UnixEpoch;

    /// <summary>Open incidents and those that rest.</summary>
    public int Count => _incidents.Count;

    /// <summary>Reads the book from the store, at the start.</summary>
    public void Load(IStore store)
    {
        _incidents.Clear();
        var now = time.GetUtcNow();
        for (var offset = 0; ;)
        {
            var page = store.ListIncidents(new() { Statuses = Watched, Limit = PageSize, Offset = offset, WithoutEvidence = true });
            _seen = page.Items.Count > 0 && page.Items[0].UpdatedAt > _seen ? page.Items[0].UpdatedAt : _seen;
            foreach (var incident in page.Items)
            {
                // Newest first: where several rest, or one rests and one is open, the open one counts, then the newest.
                var key = (incident.Subject, incident.Threat);
                if ((Transitions.IsOpen(incident.Status) || Rests(incident, now)) && (Transitions.IsOpen(incident.Status) || !_incidents.ContainsKey(key)))
                {
                    Keep(key, incident);
                }
            }

            offset += page.Items.Count;
            if (page.Items.Count == 0 || offset >= page.Total)
            {
                return;
            }
        }
    }

    /// <summary>
    /// Takes what others changed since, when <see cref="IStore.ChangeMark"/> says that somebody did. An incident that is missed all
    /// the same is set right by the next commit, see <see cref="Merge"/>.
    /// </summary>
    public void Refresh(IStore store)
    {
        var since = _seen - Overlap;
        for (var offset = 0; ;)
        {
            var page = store.ListIncidents(new() { Limit = 20, Offset = offset, WithoutEvidence = true });
            _seen = page.Items.Count > 0 && page.Items[0].UpdatedAt > _seen ? page.Items[0].UpdatedAt : _seen;
            var changed = page.Items.TakeWhile(i => i.UpdatedAt > since).ToList();
            Stored(changed);
            offset += changed.Count;
            if (changed.Count < page.Items.Count || changed.Count == 0)
            {
                return;
            }
        }
    }

    /// <summary>The incident as the book knows it, without its evidence.</summary>
    public Incident? Find(string subject, string threat) => _incidents.GetValueOrDefault((subject, threat));

    /// <summary>
    /// The changes that these findings make, one per subject and threat, in the order of their first findings.
    /// </summary>
    /// <param name="findings">In the order in which they fired.</param>
    /// <param name="allowed">The allowlist entry that covers a client now, or null.</param>
    /// <param name="recommend">Makes the recommendation for an incident (Action Review or Block); null: recorded only.</param>
    public IReadOnlyList<IncidentChange> Record(
        IReadOnlyList<Finding> findings, Func<ClientAddress, AllowlistEntry?> allowed, Func<Incident, Proposal, Recommendation?> recommend)
    {
        var now = time.GetUtcNow();
        var order = new List<(string, string)>();
        var groups = new Dictionary<(string, string), List<Finding>>();
        foreach (var finding in findings)
        {
            var key = (finding.Subject.Key, finding.Threat);
            if (!groups.TryGetValue(key, out var group))
            {
                groups.Add(key, group = []);
                order.Add(key);
            }

            group.Add(finding);
        }

        return [.. order.Select(key => Change(key, groups[key], now, allowed, recommend))];
    }

    /// <summary>Takes what the store returned for a commit, or what a transition left.</summary>
    public void Stored(IEnumerable<Incident> incidents)
    {
        var now = time.GetUtcNow();
        foreach (var incident in incidents)
        {
            var key = (incident.Subject, incident.Threat);
            _incidents.TryGetValue(key, out var known);
            if (Transitions.IsOpen(incident.Status) || (Rests(incident, now) && (known is null || known.Id <= incident.Id)))
            {
                Keep(key, incident);
            }
            else if (known?.Id == incident.Id)
            {
                _incidents.Remove(key);
            }
        }
    }

    /// <summary>
    /// For <see cref="PipelineCommit.Merge"/>: somebody changed the stored incident since we read it. Their decision stands, our
    /// evidence is newer. An incident that expired meanwhile is over: the finding begins a new one, or it would be buried in it.
    /// </summary>
    public static Incident Merge(Incident stored, Incident ours)
    {
        if (stored.Status is IncidentStatus.Expired)
        {
            var status = ours.Recommendation is null ? IncidentStatus.Open : IncidentStatus.Recommended;
            var fresh = ours.Recommendation is { } carried ? carried with { Changes = null } : null;
            return ours with { Id = 0, Version = 0, Status = status, DetectedAt = ours.Evidence.LastSeen, Recommendation = fresh };
        }

        return ours with
        {
            Status = stored.Status is IncidentStatus.Open && ours.Status is IncidentStatus.Recommended or IncidentStatus.Allowed ? ours.Status : stored.Status,
            Recommendation = stored.Recommendation ?? (ours.Recommendation is { } first ? RecommendationChange.Mark(null, first, stored.Version + 1) : null),
            Severity = Max(stored.Severity, ours.Severity),
            DetectedAt = stored.DetectedAt < ours.DetectedAt ? stored.DetectedAt : ours.DetectedAt,
            Clients = Union(stored.Clients, ours.Clients),
        };
    }

    private IncidentChange Change(
        (string, string) key, List<Finding> findings, DateTimeOffset now, Func<ClientAddress, AllowlistEntry?> allowed, Func<Incident, Proposal, Recommendation?> recommend)
    {
        var known = _incidents.GetValueOrDefault(key);
        if (known is not null && !Transitions.IsOpen(known.Status) && !Rests(known, now))
        {
            known = null;
        }

        var entries = findings[^1].Subject.Clients.Select(allowed).ToList();
        var entry = entries.Count > 0 && entries.TrueForAll(static e => e is not null) ? entries[0] : null;

        // The entry was taken away again: what happens from now on is a matter of its own.
        if (known?.Status is IncidentStatus.Allowed && entry is null)
        {
            known = null;
        }

        var merged = FindingMerge.Into(known, findings, now);
        return entry is not null ? Allow(merged, known, entry, now) : Judge(merged, known, findings, now, recommend);
    }

    private static IncidentChange Allow(Incident merged, Incident? known, AllowlistEntry entry, DateTimeOffset now)
    {
        // An approved block is being applied right now: whoever applies it looks at the allowlist and moves the incident.
        if (known?.Status is IncidentStatus.Allowed or IncidentStatus.Approved)
        {
            return new(merged, null);
        }

        return Move(merged with { Status = IncidentStatus.Allowed }, known, now, $"allowlist entry {entry.Value}");
    }

    private static IncidentChange Judge(
        Incident merged, Incident? known, List<Finding> findings, DateTimeOffset now, Func<Incident, Proposal, Recommendation?> recommend)
    {
        var proposal = FindingMerge.Propose(known, findings);
        if (Settled(merged, known, proposal) || recommend(merged, proposal) is not { } recommendation || Blocks(known, recommendation))
        {
            return Move(merged, known, now, null);
        }

        // A person took it back: mode auto must not overrule that for anything less than a higher severity.
        var rises = merged.Severity > known?.Severity;
        var held = rises || !IncidentDesk.IsHeldByPerson(known?.Recommendation) ? recommendation.Held : known?.Recommendation?.Held;
        merged = merged with { Recommendation = RecommendationChange.Mark(known?.Recommendation, recommendation with { Held = held }, (known?.Version ?? 0) + 1) };
        var status = known?.Status is IncidentStatus.Failed ? IncidentStatus.Failed : IncidentStatus.Recommended;
        var note = known?.Status switch
        {
            IncidentStatus.Rejected => $"severity rose from {Name(known.Severity)} to {Name(merged.Severity)} since it was rejected",
            IncidentStatus.Blocked => "further clients joined",
            _ => null,
        };
        return Move(merged with { Status = status }, known, now, note);
    }

    /// <summary>True: the findings change nothing about what is recommended.</summary>
    private static bool Settled(Incident merged, Incident? known, Proposal proposal)
    {
        if (known is null)
        {
            return false;
        }

        var rises = merged.Severity > known.Severity;
        var grows = known.Recommendation is { } stands && !RangeCover.Of(stands.Ranges).Covers(merged.Clients.Select(AddressRange.Single));
        return known.Status switch
        {
            // What was approved is what is applied.
            IncidentStatus.Approved => true,
            IncidentStatus.Blocked => !grows,
            IncidentStatus.Rejected => !rises,
            _ => !rises && !grows && proposal.Action <= (known.Recommendation?.Action ?? RuleAction.Record)

                // Held because of one rule's own mode, say: another rule may be free of that.
                && (known.Recommendation?.Held is null || known.Recommendation.ProposedBy == $"rule {proposal.RuleId}"),
        };
    }

    /// <summary>True: it is blocked already, and the recommendation has no range that isn't. A new client of a campaign may be one that is never blocked.</summary>
    private static bool Blocks(Incident? known, Recommendation recommendation) =>
        known is { Status: IncidentStatus.Blocked, Recommendation: { } stands } && RangeCover.Of(stands.Ranges).Covers(recommendation.Ranges);

    private void Keep((string, string) key, Incident incident) => _incidents[key] = incident with { Evidence = Unloaded };

    private static IncidentChange Move(Incident merged, Incident? known, DateTimeOffset now, string? note) => new(
        merged,
        merged.Status == known?.Status
            ? null
            : new() { IncidentId = merged.Id, From = known?.Status, To = merged.Status, At = now, By = "rule", Origin = "service", Note = note });

    private static bool Rests(Incident incident, DateTimeOffset now) =>
        incident.Status is IncidentStatus.Rejected or IncidentStatus.Allowed && now - incident.StatusAt < QuietTime;

    private static string Name(Severity severity) => severity.ToString().ToLowerInvariant();

    internal static Severity Max(Severity left, Severity right) => left > right ? left : right;

    internal static IReadOnlyList<ClientAddress> Union(IReadOnlyList<ClientAddress> left, IReadOnlyList<ClientAddress> right) =>
        left.Count == 1 && right.Count == 1 && left[0] == right[0] ? left : [.. left.Union(right).Order()];
}
