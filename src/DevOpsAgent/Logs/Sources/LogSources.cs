using DevOpsAgent.Configuration;
using DevOpsAgent.Store;

namespace DevOpsAgent.Logs.Sources;

/// <summary>All configured logs as one stream of blocks. One reader at a time; <see cref="Status"/> may be asked from any thread.</summary>
internal sealed class LogSources : IDisposable
{
    /// <summary>Between two looks at the files while lines are coming: half of the 10 ms that a line may wait.</summary>
    private static readonly TimeSpan ActivePause = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan QuietPause = TimeSpan.FromMilliseconds(25);

    /// <summary>So long after the last line the pace slows down.</summary>
    private static readonly TimeSpan QuietAfter = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly ILogSource[] _sources;
    private readonly WakeSignal _wake = new();
    private readonly PollTicker _ticker;
    private long _lastBlock;
    private int _next;

    /// <param name="checkpoints">How far each path was read before; of a path that isn't in it, <see cref="LogConfig.FromStart"/> says where to begin.</param>
    /// <param name="stdin">What "-" reads.</param>
    /// <param name="other">Makes a source that is no file; given what wakes the reader.</param>
    public LogSources(IReadOnlyList<LogConfig> logs, IReadOnlyList<LogCheckpoint> checkpoints, Stream stdin, TimeProvider time, Func<Action, ILogSource>? other = null)
    {
        _time = time;
        _lastBlock = time.GetTimestamp();
        _ticker = new(time, _wake.Wake);
        var plain = logs.Select(l => l.Path).Where(p => !LogGlob.IsGlob(p)).ToList();
        _sources = [.. logs.DistinctBy(l => l.Path, StringComparer.Ordinal).Select(Create), .. other is null ? [] : new[] { other(_wake.Wake) }];

        ILogSource Create(LogConfig log) => log.Path == "-" ? new StdinSource(log, stdin, _wake.Wake, time)
            : LogGlob.IsGlob(log.Path) ? new LogGlob(log, checkpoints, plain, time)
            : new FileFollower(log, log.Path, checkpoints.LastOrDefault(c => c.Source == log.Path), log.FromStart, time);
    }

    public IReadOnlyList<SourceStatus> Status
    {
        get
        {
            var status = new List<SourceStatus>(_sources.Length);
            foreach (var source in _sources)
            {
                source.Report(status);
            }

            return status;
        }
    }

    /// <summary>
    /// The next block of any source, each in turn; waits until there is one. Its bytes live until the next call. Null: all
    /// sources ended (only standard input ever does).
    /// </summary>
    public async ValueTask<LineBlock?> ReadAsync(CancellationToken cancellation)
    {
        // Not inside the call that cancels: its caller has no time for what the reader does then.
        await using var cancelled = cancellation.UnsafeRegister(
            static wake => ThreadPool.UnsafeQueueUserWorkItem(static w => w.Wake(), (WakeSignal)wake!, preferLocal: false), _wake);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (TryRead() is { } block)
            {
                _lastBlock = _time.GetTimestamp();
                return block;
            }

            if (Array.TrueForAll(_sources, s => s.Ended))
            {
                return null;
            }

            SetPace();
            await _wake.WaitAsync();
        }
    }

    public void Dispose()
    {
        _ticker.Dispose();
        foreach (var source in _sources)
        {
            source.Dispose();
        }
    }

    private LineBlock? TryRead()
    {
        for (var i = 0; i < _sources.Length; i++)
        {
            _next = (_next + 1) % _sources.Length;
            if (_sources[_next].TryRead() is { } block)
            {
                return block;
            }
        }

        return null;
    }

    private void SetPace()
    {
        if (Array.Exists(_sources, s => s.NeedsPolling))
        {
            _ticker.SetPace(_time.GetElapsedTime(_lastBlock) < QuietAfter ? ActivePause : QuietPause);
        }
    }
}
