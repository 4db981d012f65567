namespace DevOpsAgent.Audit.Mirror;

/// <summary>
/// Copies the log to a target, behind it and from its files: a target that is slow, down or gone costs the log nothing.
/// Tries again with growing pauses, goes on after a restart where it stood.
/// </summary>
internal sealed class AuditMirror : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5), LongestPause = TimeSpan.FromMinutes(5);

    private readonly string _directory, _stream;
    private readonly IMirrorTarget _target;
    private readonly TimeProvider _time;
    private readonly SegmentCursor _cursor;
    private readonly SemaphoreSlim _news = new(0, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Action<string?>? _say;
    private readonly Task _running;
    private long _stored;
    private volatile MirrorStatus _status;

    /// <param name="stream">The log's name at the target: audit_tasklist_id.</param>
    /// <param name="live">True: lines as they come; false: closed segments and checkpoints.</param>
    /// <param name="say">Told why it doesn't go on, once, and null when it does again.</param>
    public AuditMirror(string directory, string stream, bool live, IMirrorTarget target, TimeProvider time, Action<string?>? say = null)
    {
        (_directory, _stream, _target, _time, _say) = (directory, stream, target, time, say);
        _stored = MirrorPosition.Read(directory, stream, target.Name);
        _cursor = new(directory, live, _stored);
        _status = new(_stored, 0, null, null);
        _running = Task.Run(RunAsync);
    }

    public MirrorStatus Status => _status;

    /// <summary>There are new lines. Costs nothing; made for <see cref="AuditLog.Written"/>.</summary>
    public void Wake()
    {
        try
        {
            if (_news.CurrentCount == 0)
            {
                _news.Release();
            }
        }
        catch (SemaphoreFullException)
        {
            // Woken twice at once: once is enough.
        }
    }

    /// <summary>Stops; what wasn't sent is sent after the next start.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        await _target.DisposeAsync();
        _stop.Dispose();
        _news.Dispose();
    }

    private async Task RunAsync()
    {
        var failures = 0;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await PassAsync();
                if (failures > 0)
                {
                    _say?.Invoke(null);
                }

                failures = 0;
                _status = new(_cursor.Position, _cursor.Missed, null, null);
                await WaitAsync(Interval, wakes: true);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever it is: the copy waits, the log goes on.
                failures++;
                var why = e is MirrorException ? e.Message : $"{_target.Name}: {e.Message}";
                _status = new(_cursor.Position, _cursor.Missed, why, _status.FailingSince ?? _time.GetUtcNow());
                if (failures == 1)
                {
                    _say?.Invoke(why);
                }

                try
                {
                    await WaitAsync(PauseAfter(failures), wakes: false);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        }
    }

    private async Task PassAsync()
    {
        foreach (var (segment, lines) in _cursor.Read())
        {
            await _target.SendAsync(new(_stream, segment, lines), _stop.Token);
            _status = _status with { Position = _cursor.Position };
        }

        if (_cursor.Position != _stored)
        {
            MirrorPosition.Write(_directory, _stream, _target.Name, _cursor.Position);
            _stored = _cursor.Position;
        }
    }

    /// <summary>1 s, 2 s, 4 s, ... to five minutes, give or take a quarter: many agents don't come back at the same moment.</summary>
    private static TimeSpan PauseAfter(int failures)
    {
        var seconds = Math.Min(LongestPause.TotalSeconds, Math.Pow(2, Math.Min(failures - 1, 10)));
        return TimeSpan.FromSeconds(seconds * (0.75 + (Random.Shared.NextDouble() / 2)));
    }

    private async Task WaitAsync(TimeSpan pause, bool wakes)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var timer = Task.Delay(pause, _time, over.Token);
        var news = wakes ? _news.WaitAsync(over.Token) : Task.Delay(Timeout.Infinite, over.Token);
        await Task.WhenAny(timer, news);
        await over.CancelAsync();
        _stop.Token.ThrowIfCancellationRequested();
    }
}

/// <param name="Position">seq up to which everything was copied.</param>
/// <param name="Missed">Lines that retention let go before.</param>
/// <param name="Problem">Why it doesn't go on at the moment; null: it does.</param>
internal sealed record MirrorStatus(long Position, long Missed, string? Problem, DateTimeOffset? FailingSince);
