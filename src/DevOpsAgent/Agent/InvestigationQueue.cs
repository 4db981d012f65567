using System.Threading.Channels;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;

namespace DevOpsAgent.Agent;

/// <summary>
/// Incidents that wait for the model: one at a time, so many in an hour, the rest left out and counted. Offering never
/// waits: detection and blocking go on however slow the model is.
/// </summary>
/// <param name="find">The incident as it is stored now.</param>
/// <param name="say">Tells people, one sentence.</param>
internal sealed class InvestigationQueue(ModelAgent agent, Func<long, Incident?> find, AgentLimitsConfig limits, TimeProvider time, Action<string> say)
{
    private const int Waiting = 256;

    /// <summary>Incidents whose last look is remembered.</summary>
    private const int Remembered = 10_000;

    private readonly Channel<long> _waiting = Channel.CreateBounded<long>(new BoundedChannelOptions(Waiting) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
    private readonly Lock _lock = new();
    private readonly Dictionary<long, Severity> _seen = [];
    private readonly Queue<DateTimeOffset> _begun = new();
    private readonly Severity _least = Enum.Parse<Severity>(limits.MinSeverity, ignoreCase: true);
    private int _leftOut;

    /// <summary>Incidents that were not looked at: the queue was full, or the hour's runs were used up.</summary>
    public int LeftOut => Volatile.Read(ref _leftOut);

    /// <summary>Takes a new incident of a web client, or one whose severity has risen since it was looked at.</summary>
    public void Offer(Incident incident)
    {
        if (!limits.Investigate || incident.Id == 0 || incident.Evidence.Process is not null || incident.Severity < _least || incident.Status is not (IncidentStatus.Open or IncidentStatus.Recommended or IncidentStatus.Approved or IncidentStatus.Blocked))
        {
            return;
        }

        lock (_lock)
        {
            if (_seen.TryGetValue(incident.Id, out var severity) && incident.Severity <= severity)
            {
                return;
            }

            if (_seen.Count >= Remembered)
            {
                _seen.Clear();
            }

            _seen[incident.Id] = incident.Severity;
        }

        if (!_waiting.Writer.TryWrite(incident.Id))
        {
            LeaveOut();
        }
    }

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var id in _waiting.Reader.ReadAllAsync(cancellationToken))
            {
                await LookAsync(id, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }

    private async Task LookAsync(long id, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        while (_begun.TryPeek(out var begun) && now - begun >= TimeSpan.FromHours(1))
        {
            _begun.Dequeue();
        }

        if (_begun.Count >= limits.RunsPerHour)
        {
            LeaveOut();
            return;
        }

        try
        {
            if (find(id) is not { } incident)
            {
                return;
            }

            _begun.Enqueue(now);
            var done = await agent.InvestigateAsync(incident, null, cancellationToken);
            say(done.End == RunEnd.Answered
                ? $"The model looked at incident {id}: {done.Disagreement ?? $"{done.Conclusion!.Verdict.ToString().ToLowerInvariant()}, {done.Conclusion.Confidence} %."}"
                : $"The model did not answer for incident {id}: {RunEndNames.Of(done.End)}. {done.EndText} The rules' result stands.");
        }
        catch (StoreException e)
        {
            say($"Incident {id} could not be read for the model: {e.Message}");
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // A fault of ours in what only explains must not end the loop.
            say($"The model's run for incident {id} failed: {e.GetType().Name}: {e.Message}");
        }
    }

    private void LeaveOut()
    {
        // Said once, then at each tenfold: a flood of incidents must not become a flood of messages.
        var count = Interlocked.Increment(ref _leftOut);
        if (count is 1 or 10 or 100 or 1_000 or 10_000)
        {
            say($"{count} incidents were not looked at by the model: more than {limits.RunsPerHour} an hour (agent.runs_per_hour). The rules' result stands.");
        }
    }
}
