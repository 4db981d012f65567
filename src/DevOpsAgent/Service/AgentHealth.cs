using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Guards;
using DevOpsAgent.Incidents;
using DevOpsAgent.Logs;
using DevOpsAgent.Logs.Sources;
using DevOpsAgent.Store;

namespace DevOpsAgent.Service;

/// <summary>How the running agent is doing: what it read, what is down, what waits; and the mode in force. Safe from any thread.</summary>
internal sealed class AgentHealth : IAgentStatus
{
    private readonly AgentConfig _config;
    private readonly string _version;
    private readonly AgentParts _parts;
    private readonly LogPipeline _pipeline;
    private readonly LogSources _sources;
    private readonly Detector _detector;
    private readonly TimeProvider _time;
    private readonly Action<AgentEventKind, string, Incident?> _say;
    private readonly Action _wake;
    private readonly DateTimeOffset _startedAt;
    private volatile string? _storeFault;
    private volatile string? _capReached;
    private volatile TargetStatus _target;
    private volatile LineCounters _counters = new();

    public AgentHealth(
        AgentConfig config, string version, AgentParts parts, LogPipeline pipeline, LogSources sources, Detector detector, TimeProvider time, Action<AgentEventKind, string, Incident?> say, Action wake)
    {
        (_config, _version, _parts, _pipeline, _sources, _detector, _time, _say, _wake) = (config, version, parts, pipeline, sources, detector, time, say, wake);
        _startedAt = time.GetUtcNow();
        _target = new(parts.Target.Description, config.Blocking.HasTarget(), true, null, null);
    }

    /// <summary>How the line to the runtime guard is; null: it is not followed.</summary>
    public Func<GuardLink>? Guard { get; set; }

    public AgentStatus Current
    {
        get
        {
            var counters = _counters;
            var sources = _sources.Status;
            var skipped = sources.Sum(static s => s.SkippedLongLines);
            return new()
            {
                Version = _version,
                StartedAt = _startedAt,
                Mode = Mode,
                Sources = sources,
                Lines = counters.Lines + skipped,
                Parsed = counters.Parsed,
                Unparsed = skipped == 0 ? counters.Unparsed : WithLong(counters.Unparsed, skipped),
                TrackedClients = counters.Clients,
                Evictions = counters.Evicted,
                Target = _target,
                Store = new(_storeFault is null, _storeFault),
                Traffic = _pipeline.Traffic.Last(_time.GetUtcNow()),
                CapReached = _capReached,
                Guard = Guard?.Invoke(),
            };
        }
    }

    public Mode Mode
    {
        get
        {
            try
            {
                return _parts.Mode.Current;
            }
            catch (StoreException)
            {
                // Fail closed for effects: what can't be read can't say auto.
                return _config.Mode == Mode.Auto ? Mode.Review : _config.Mode;
            }
        }
    }

    public async Task<string?> SetModeAsync(Mode mode, Caller caller, CancellationToken cancellationToken)
    {
        if (await _parts.Effects.SetModeAsync(mode, caller, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        _capReached = null;
        _say(AgentEventKind.Warning, $"mode is now {ModeSwitch.Name(mode)}, set by {caller.By} ({caller.Origin})", null);
        _wake();
        return null;
    }

    public void Target(TargetState state) =>
        _target = _target with { Description = _parts.Target.Description, Reachable = state.Reachable || !_target.Configured, Drift = state.Drift, CheckedAt = _time.GetUtcNow() };

    public void Take(BlockEvent e)
    {
        switch (e.Kind)
        {
            case BlockEventKind.TargetDown:
                _target = _target with { Reachable = false, Drift = e.Text, CheckedAt = e.At };
                break;
            case BlockEventKind.Applied or BlockEventKind.TargetBack:
                _target = _target with { Reachable = true, Drift = null, CheckedAt = e.At };
                break;
            case BlockEventKind.Held:
                _capReached = e.Text;
                break;
        }
    }

    public void StoreFailed(StoreException e)
    {
        if (_storeFault != e.Message)
        {
            _storeFault = e.Message;
            _say(AgentEventKind.Warning, $"the store can't be used: {e.Message} Watching goes on; nothing is blocked or lifted until it works again.", null);
        }
    }

    public void StoreWorks()
    {
        if (_storeFault is not null)
        {
            _storeFault = null;
            _say(AgentEventKind.Warning, "the store works again", null);
        }
    }

    /// <summary>Takes the counters over; from the reading thread.</summary>
    public void Count() => _counters = LineCounters.Of(_pipeline.Statistics, _detector);

    /// <summary>Lines beyond 64 KiB are skipped by the sources, before they would be parsed.</summary>
    private static Dictionary<UnparsedReason, long> WithLong(IReadOnlyDictionary<UnparsedReason, long> unparsed, long skipped) =>
        new(unparsed) { [UnparsedReason.TooLong] = unparsed.GetValueOrDefault(UnparsedReason.TooLong) + skipped };
}
