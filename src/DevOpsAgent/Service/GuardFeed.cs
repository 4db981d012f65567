using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Logs;
using DevOpsAgent.RuntimeGuard.Alerts;
using DevOpsAgent.Store;

namespace DevOpsAgent.Service;

/// <summary>
/// Takes over as incidents what the runtime guard of this machine tells. The guard is another process with other rights, and keeps
/// its alerts until somebody has read them; how far we are is stored in the same transaction as the incidents. So either may be
/// down or be killed, and nothing is lost that the guard still keeps, and nothing counts twice.
/// </summary>
/// <param name="read">Journal and number to the alerts after it; waits a few seconds for the next. Throws <see cref="IOException"/>: no guard answers; <see cref="UnauthorizedAccessException"/>: one refuses.</param>
/// <param name="tell">Told of incidents, and of the guard's coming and going.</param>
internal sealed class GuardFeed(IStore store, Func<string?, long, CancellationToken, Task<AlertPage>> read, TimeProvider time, Action<AgentEvent> tell)
{
    private const string Source = "runtime-guard";

    private static readonly TimeSpan RetryEvery = TimeSpan.FromSeconds(5);

    /// <summary>Closed by a person: what comes later joins it in silence for <see cref="IncidentBook.QuietTime"/>, unless the severity rises.</summary>
    private static readonly IncidentStatus[] Resting = [IncidentStatus.Rejected];

    private volatile GuardLink _link = new(false, null, 0, null);
    private bool _wasReached;

    public GuardLink Link => _link;

    /// <summary>Until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        (string? Journal, long After)? position = null;
        try
        {
            while (true)
            {
                try
                {
                    var (journal, after) = position ??= Position();
                    var page = await read(journal, after, cancellationToken);
                    Reached();
                    if (page.Alerts.Count > 0 || page.Journal != journal)
                    {
                        Take(page);
                        position = (page.Journal, page.Next);
                    }

                    continue;
                }
                catch (IOException e)
                {
                    Gone(e.Message);
                }
                catch (UnauthorizedAccessException e)
                {
                    // There is one, and it won't talk to us: that is never what was meant.
                    if (_link.Problem != e.Message)
                    {
                        tell(new(AgentEventKind.Warning, time.GetUtcNow(), e.Message));
                    }

                    _link = _link with { Reachable = false, Problem = e.Message };
                }
                catch (StoreException e)
                {
                    // The agent itself says what is wrong with the store; the alerts are read again.
                    _link = _link with { Problem = e.Message };
                }

                await Task.Delay(RetryEvery, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }

    /// <summary>Incidents and position, in one transaction.</summary>
    /// <exception cref="StoreException">Nothing was stored.</exception>
    public IReadOnlyList<Incident> Take(AlertPage page)
    {
        var now = time.GetUtcNow();
        var changes = page.Alerts.GroupBy(static a => (Subject: ViolationMerge.SubjectOf(a), Threat: ViolationMerge.ThreatOf(a)))
            .Select(group => Change(group.Key.Subject, group.Key.Threat, [.. group], now)).ToList();
        var stored = store.Commit(new() { Incidents = changes, Checkpoints = [new LogCheckpoint(Source, page.Journal, page.Next, 0, now)], Merge = IncidentBook.Merge });
        foreach (var incident in stored)
        {
            tell(new(incident.Version <= 1 ? AgentEventKind.IncidentOpened : AgentEventKind.IncidentChanged, now, incident.Summary, incident));
        }

        if (page.Lost > 0)
        {
            tell(new(AgentEventKind.Warning, now, $"{page.Lost} alerts of the runtime guard were lost: it did not keep them until the agent asked (runtime_guard.alerts.keep)"));
        }

        _link = _link with { Lost = _link.Lost + page.Lost, LastAt = page.Alerts.Count > 0 ? page.Alerts[^1].Last : _link.LastAt };
        return stored;
    }

    private IncidentChange Change(string subject, string threat, IReadOnlyList<Alert> alerts, DateTimeOffset now)
    {
        var known = store.FindOpenIncident(subject, threat) ?? Rests(subject, threat, now);
        var evidence = ViolationMerge.Into(known?.Evidence, alerts);
        var severity = alerts.Max(static a => ViolationMerge.SeverityOf(a.Violation));
        var rises = known is not null && severity > known.Severity;
        var status = known is null || (rises && known.Status is IncidentStatus.Rejected) ? IncidentStatus.Open : known.Status;
        var incident = (known ?? new Incident
        {
            Subject = subject,
            Clients = [],
            Threat = threat,
            Severity = severity,
            Status = status,
            DetectedAt = evidence.FirstSeen,
            UpdatedAt = now,
            Summary = "",
            Evidence = evidence,
        }) with
        {
            Status = status,
            Severity = known is null || rises ? severity : known.Severity,
            UpdatedAt = now,
            Evidence = evidence,
            Summary = ViolationMerge.Summary(evidence),
        };
        return new(incident, status == known?.Status ? null : new()
        {
            IncidentId = incident.Id,
            From = known?.Status,
            To = status,
            At = now,
            By = "rule",
            Origin = "runtime guard",
            Note = known is null ? null : "the severity rose since it was rejected",
        });
    }

    private Incident? Rests(string subject, string threat, DateTimeOffset now)
    {
        var found = store.ListIncidents(new() { Statuses = Resting, Threat = threat, Search = subject, Limit = 20, WithoutEvidence = true }).Items
            .FirstOrDefault(i => i.Subject == subject && now - i.StatusAt < IncidentBook.QuietTime);
        return found is null ? null : store.GetIncident(found.Id);
    }

    private (string? Journal, long After) Position() =>
        store.GetCheckpoints().FirstOrDefault(static c => c.Source == Source) is { } at ? (at.FileId, at.Offset) : (null, 0);

    private void Reached()
    {
        if (!_link.Reachable)
        {
            _link = _link with { Reachable = true, Problem = null };
            if (_wasReached)
            {
                tell(new(AgentEventKind.Warning, time.GetUtcNow(), "the runtime guard answers again"));
            }
        }

        _wasReached = true;
        if (_link.Problem is not null)
        {
            _link = _link with { Problem = null };
        }
    }

    /// <summary>Where no guard ever ran there is nothing to say.</summary>
    private void Gone(string problem)
    {
        if (_link.Reachable)
        {
            tell(new(AgentEventKind.Warning, time.GetUtcNow(), $"the runtime guard does not answer: {problem}"));
        }

        _link = _link with { Reachable = false, Problem = problem };
    }
}

/// <summary>The agent's line to the guard.</summary>
/// <param name="LastAt">When the newest violation that was taken over happened.</param>
/// <param name="Lost">Alerts that the guard did not keep until they were asked for.</param>
/// <param name="Problem">Why it doesn't answer; null: it does.</param>
internal sealed record GuardLink(bool Reachable, DateTimeOffset? LastAt, long Lost, string? Problem);
