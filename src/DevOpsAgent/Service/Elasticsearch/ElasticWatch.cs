using System.Globalization;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Logs;
using DevOpsAgent.Logs.Elasticsearch;
using DevOpsAgent.Logs.Sources;

namespace DevOpsAgent.Service.Elasticsearch;

/// <summary>
/// An index pattern as a source of lines beside files: looks in the background, one interval after the other, and hands out
/// each result with its checkpoint. With Elasticsearch down it backs off and later goes on where it stopped.
/// </summary>
internal sealed class ElasticWatch : ILogSource
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Early = TimeSpan.FromMilliseconds(100);

    private readonly ElasticClient _client;
    private readonly WatchRound _round;
    private readonly WatchTiming _timing;
    private readonly string _pattern;
    private readonly LogConfig _log;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly ITimer _timer;
    private readonly Action _wake;
    private readonly Lock _gate = new();
    private WatchState? _state;
    private Task<WatchResult?>? _look;
    private long _dueAt;
    private TimeSpan _wait;
    private int _failures;
    private bool _isFollowing;
    private string? _problem;
    private string? _lastError;
    private long _bytes;
    private DateTimeOffset? _lastRead;

    /// <param name="options">How the cluster is reached.</param>
    /// <param name="checkpoints">All of the store's; those of this pattern are taken.</param>
    /// <param name="wake">Called from any thread when <see cref="TryRead"/> is worth a call.</param>
    /// <exception cref="ElasticException">The configuration can't be used.</exception>
    public ElasticWatch(ElasticsearchConfig config, ElasticOptions options, RuleSet rules, IReadOnlyList<LogCheckpoint> checkpoints, Action wake, TimeProvider time)
    {
        (_pattern, _time, _wake) = (config.IndexPattern, time, wake);
        _client = new(options, time);
        _timing = new(config.IngestLag, config.Interval, config.Start);
        _log = new() { Path = WatchState.SourceOf(_pattern), TrustedProxies = config.TrustedProxies };
        _round = new(new(_client, _pattern, time), FieldResolver.Of(config), new(config.TrustedProxies), rules, _timing, time);
        _state = WatchState.Read(_pattern, checkpoints);
        _dueAt = time.GetTimestamp();
        _timer = time.CreateTimer(static state => ((ElasticWatch)state!)._wake(), this, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    public bool Ended => false;

    public bool NeedsPolling => false;

    /// <summary>The look under way; null: none.</summary>
    public Task? Looking => _look;

    /// <summary>Bytes of answers as they came over the wire.</summary>
    public long BytesOverWire => _client.BytesRead;

    public LineBlock? TryRead()
    {
        if (_look is null)
        {
            if (!IsDue() || _stop.IsCancellationRequested)
            {
                return null;
            }

            var state = _state;
            _look = Task.Run(() => _round.RunAsync(state, _stop.Token));
            _look.GetAwaiter().OnCompleted(_wake);
        }

        if (!_look.IsCompleted)
        {
            return null;
        }

        var look = _look;
        _look = null;
        return Finish(look);
    }

    public void Report(ICollection<SourceStatus> into)
    {
        lock (_gate)
        {
            into.Add(new(
                WatchState.SourceOf(_pattern),
                _problem is not null ? SourceState.Error : _isFollowing ? SourceState.Following : SourceState.Waiting,
                _problem ?? (_isFollowing ? _round.Note : "Elasticsearch has not answered yet."),
                _bytes, 0, _lastRead, 0, 0, 0, _lastError));
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _timer.Dispose();
        _client.Dispose();
    }

    private bool IsDue()
    {
        var left = _wait - _time.GetElapsedTime(_dueAt);
        if (left > TimeSpan.Zero && left < Early)
        {
            // The timer fired a little early: nobody else would wake the reader.
            _timer.Change(left + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        }

        return left <= TimeSpan.Zero;
    }

    private LineBlock? Finish(Task<WatchResult?> look)
    {
        if (look.IsCanceled || (look.IsFaulted && _stop.IsCancellationRequested))
        {
            return null;
        }

        if (look.IsFaulted)
        {
            Failed(look.Exception!.InnerException!);
            return null;
        }

        lock (_gate)
        {
            _failures = 0;
            _problem = null;
            _isFollowing = true;
        }

        if (look.Result is not { } result)
        {
            Wait(_timing.Interval);
            return null;
        }

        Wait(result.IsBehind || result.IsCut ? TimeSpan.Zero : _timing.Interval);
        _state = result.State;
        lock (_gate)
        {
            _bytes += result.Lines.Length;
            _lastRead = _time.GetUtcNow();
        }

        return result.State.Block(_pattern, result.Lines, result.Clients, _log, _time.GetUtcNow());
    }

    private void Failed(Exception e)
    {
        // A form of answer that no reader expected is a fault of the answer, not of the service.
        var known = e as ElasticException ?? new ElasticException(ElasticFault.Garbage, $"The answer can't be read: {e.Message}", e);
        var wait = TimeSpan.FromSeconds(Math.Min(LongestWait.TotalSeconds, Math.Max(1, _timing.Interval.TotalSeconds / 4) * Math.Pow(2, Math.Min(_failures, 16)))) * (0.75 + (Random.Shared.NextDouble() / 4));
        wait = known.RetryAfter is { } asked && asked > wait ? asked : wait;
        lock (_gate)
        {
            _failures++;
            var since = _state is { } state ? $" Events since {WatchState.Text(state.From)} are read when it works again." : "";
            _problem = string.Create(CultureInfo.InvariantCulture, $"{known.Message}{since} Next try in {wait.TotalSeconds:0} s.");
            _lastError = known.Message;
        }

        Wait(wait);
    }

    private void Wait(TimeSpan span)
    {
        _dueAt = _time.GetTimestamp();
        _wait = span;
        _timer.Change(span, Timeout.InfiniteTimeSpan);
    }
}
