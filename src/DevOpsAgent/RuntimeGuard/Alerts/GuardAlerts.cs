using System.Threading.Channels;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.RuntimeGuard.Alerts;

/// <summary>
/// Takes violations from the engine, does what the policy's <c>alerts</c> say, and keeps them for those who are told. Mode audit
/// goes nowhere; alert tells; enforce tells and acts. Taking one never waits: what doesn't fit is counted.
/// </summary>
/// <param name="responder">Null: nothing is ever done, only told.</param>
/// <param name="say">Label and sentence, for the person who reads the service's log.</param>
internal sealed class GuardAlerts(GuardEngine engine, AlertJournal journal, IReadOnlyList<AlertDelivery> deliveries, ProcessTrees trees, GuardResponder? responder, TimeProvider time, Action<string, string> say)
{
    private const int MaxQueued = 16_384;
    private const int MaxBatch = 256;

    private static readonly TimeSpan TickEvery = TimeSpan.FromSeconds(1);
    private static readonly IReadOnlyList<string> s_telling = ["log_to_syslog", "send_to_soc_dashboard", "notify_architect"];

    private readonly Channel<Violation> _queue = Channel.CreateBounded<Violation>(new BoundedChannelOptions(MaxQueued) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });
    private readonly AlertGroups _groups = new(time);
    private readonly CircuitBreakers _breakers = new(time);
    private readonly Lock _status = new();
    private readonly long _before = journal.Last;
    private long _routed;
    private long _audited;
    private long _overflow;
    private long _done;
    private long _undone;

    public AlertJournal Journal => journal;

    public AlertsStatus Status
    {
        get
        {
            lock (_status)
            {
                return new(
                    Interlocked.Read(ref _routed), Interlocked.Read(ref _audited), journal.Last - _before, _groups.HeldBack, Interlocked.Read(ref _overflow),
                    Interlocked.Read(ref _done), Interlocked.Read(ref _undone), journal.Problem, [.. deliveries.Select(static d => d.Status)], _breakers.Status);
            }
        }
    }

    /// <summary>A handler of <see cref="GuardEngine.OnViolation"/>: any thread, never waits.</summary>
    public void Take(Violation violation)
    {
        if (violation.PolicyMode == GuardMode.Audit.Word())
        {
            Interlocked.Increment(ref _audited);
            return;
        }

        Interlocked.Increment(ref _routed);
        if (!_queue.Writer.TryWrite(violation))
        {
            Interlocked.Increment(ref _overflow);
        }
    }

    /// <summary>Works until cancelled, then on what is queued; what can't be told by then is told after the next start.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = new CancellationTokenSource();
        var telling = Task.WhenAll(deliveries.Select(d => d.RunAsync(stop.Token)));
        var ticking = TickAsync(cancellationToken);
        try
        {
            while (await WaitAsync(cancellationToken))
            {
                await WorkAsync();
            }

            await WorkAsync();
            await ticking;
            lock (_status)
            {
                journal.Append(_groups.Tick(all: true));
            }

            // A moment for those who can be told at once.
            await Task.WhenAny(CaughtUpAsync(), Task.Delay(TickEvery, time, CancellationToken.None));
        }
        finally
        {
            await stop.CancelAsync();
            await telling;
        }
    }

    /// <summary>What is routed where by the policy in force; a critical one goes both ways.</summary>
    private IReadOnlyList<string> ActionsOf(Violation violation, bool breakerOpen)
    {
        var alerts = engine.Policy.Policy.Alerts;
        IEnumerable<string> actions = alerts.OnViolation;
        actions = violation.Severity == "CRITICAL" ? actions.Concat(alerts.OnCritical) : actions;
        actions = breakerOpen ? actions.Concat(alerts.Breaker.OnOpen ?? alerts.OnCritical) : actions;
        return [.. actions.Distinct(StringComparer.Ordinal)];
    }

    private async Task<bool> WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _queue.Reader.WaitToReadAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task WorkAsync()
    {
        while (_queue.Reader.TryPeek(out _))
        {
            var alerts = new List<Alert>();
            for (var i = 0; i < MaxBatch && _queue.Reader.TryRead(out var violation); i++)
            {
                await TakeInAsync(violation, alerts);
            }

            journal.Append(alerts);
        }
    }

    private async Task TakeInAsync(Violation violation, List<Alert> alerts)
    {
        var policy = engine.Policy.Policy.Alerts;
        var opens = false;
        bool open;
        lock (_status)
        {
            opens = ActionsOf(violation, false).Contains("increment_circuit_breaker", StringComparer.Ordinal) && _breakers.Count(violation.ProcessName, policy.Breaker);
            open = _breakers.IsOpen(violation.ProcessName);
        }

        await TellAsync(violation, ActionsOf(violation, open && !opens), alerts);
        if (opens)
        {
            say("warning", $"circuit breaker of {violation.ProcessName} opened: each further violation is treated as a critical one");
            var opening = CircuitBreakers.Opening(violation, policy.Breaker);

            // What on_violation does besides telling was done about the violation itself.
            await TellAsync(opening, [.. policy.OnViolation.Where(s_telling.Contains).Concat(policy.Breaker.OnOpen ?? policy.OnCritical).Distinct(StringComparer.Ordinal)], alerts);
        }
    }

    private async Task TellAsync(Violation violation, IReadOnlyList<string> actions, List<Alert> alerts)
    {
        bool news;
        lock (_status)
        {
            news = _groups.IsNews(violation);
        }

        // Before anything is done: of a killed process nothing can be seen.
        var tree = news ? trees.Of(violation.Pid) : [];
        var responses = responder is null ? [] : await responder.ActAsync(violation, actions, CancellationToken.None);
        Interlocked.Add(ref _done, responses.Count(static r => r.Done));
        Interlocked.Add(ref _undone, responses.Count(static r => !r.Done));
        lock (_status)
        {
            if (_groups.Add(violation, actions, responses, tree) is { } alert)
            {
                alerts.Add(alert);
            }
        }
    }

    private async Task TickAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TickEvery, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                lock (_status)
                {
                    journal.Append(_groups.Tick());
                    foreach (var process in _breakers.Close())
                    {
                        say("guard", $"circuit breaker of {process} closed: no violation for a while");
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end that was asked for.
        }
    }

    private async Task CaughtUpAsync()
    {
        while (deliveries.Any(static d => d.Status is { Waiting: > 0, Problem: null }))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), time, CancellationToken.None);
        }
    }
}

/// <summary>What became of violations. Numbers since the start.</summary>
/// <param name="Routed">Violations in mode alert or enforce.</param>
/// <param name="Audited">Violations in mode audit, which are told nobody.</param>
/// <param name="Written">Alerts: groups of violations that are alike.</param>
/// <param name="HeldBack">Violations that no alert tells one by one, because there were too many.</param>
/// <param name="Lost">Violations that came faster than they could be taken.</param>
/// <param name="Done">Processes that were killed or cut off, and what was refused or failed.</param>
/// <param name="Problem">Why alerts are kept in memory only; null: they are on the disk.</param>
internal sealed record AlertsStatus(long Routed, long Audited, long Written, long HeldBack, long Lost, long Done, long Refused, string? Problem, IReadOnlyList<AlertDelivered> Receivers, IReadOnlyList<BreakerStatus> Breakers);
