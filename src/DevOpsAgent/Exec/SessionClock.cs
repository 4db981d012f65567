namespace DevOpsAgent.Exec;

/// <summary>The times of one session: when it is warned of, and when it is ended and why.</summary>
internal sealed class SessionClock : IDisposable
{
    /// <summary>Between TERM and KILL.</summary>
    public static readonly TimeSpan KillAfter = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time;
    private readonly ITimer? _warn;
    private readonly ITimer _soft;
    private readonly ITimer _hard;
    private readonly ITimer? _lease;
    private readonly ITimer? _idle;
    private readonly TimeSpan _maxIdle;
    private long _alive;

    /// <param name="maxIdle">Zero: never idle.</param>
    public SessionClock(TimeProvider time, TimeSpan timeout, TimeSpan warnAfter, TimeSpan? lease, TimeSpan maxIdle, Action warn, Action<ExecCause> end, Action kill)
    {
        _time = time;
        _maxIdle = maxIdle;
        _alive = time.GetTimestamp();
        _warn = warnAfter < timeout ? Once(warnAfter, warn) : null;

        // 5 s for leaving in order, or a tenth of a short timeout.
        var lead = timeout / 10 < KillAfter ? timeout / 10 : KillAfter;
        _soft = Once(timeout - lead, () => end(ExecCause.Timeout));
        _hard = Once(timeout, kill);
        _lease = lease is { } span ? Once(span, () => end(ExecCause.LeaseExpired)) : null;
        _idle = maxIdle > TimeSpan.Zero ? Once(maxIdle, () => CheckIdle(end)) : null;
    }

    /// <summary>False: it has no lease.</summary>
    public bool Renew(TimeSpan lease)
    {
        Alive();
        return _lease?.Change(lease, Timeout.InfiniteTimeSpan) ?? false;
    }

    /// <summary>It wrote something.</summary>
    public void Alive() => Interlocked.Exchange(ref _alive, _time.GetTimestamp());

    public void Dispose()
    {
        _warn?.Dispose();
        _soft.Dispose();
        _hard.Dispose();
        _lease?.Dispose();
        _idle?.Dispose();
    }

    private void CheckIdle(Action<ExecCause> end)
    {
        var left = _maxIdle - _time.GetElapsedTime(Interlocked.Read(ref _alive));
        if (left > TimeSpan.Zero)
        {
            _idle!.Change(left, Timeout.InfiniteTimeSpan);
        }
        else
        {
            end(ExecCause.Idle);
        }
    }

    private ITimer Once(TimeSpan after, Action act) => _time.CreateTimer(_ => act(), null, after, Timeout.InfiniteTimeSpan);
}
