namespace DevOpsAgent.Tests.Kubernetes.Client;

/// <summary>A clock on which every wait shorter than a limit is over at once, and is remembered; longer ones, time limits of calls, never end.</summary>
internal sealed class QuickTime(TimeSpan limit) : TimeProvider
{
    private static readonly DateTimeOffset s_start = System.GetUtcNow();
    private readonly Lock _gate = new();
    private TimeSpan _passed;

    public QuickTime()
        : this(TimeSpan.FromSeconds(15))
    {
    }

    /// <summary>The waits, in order.</summary>
    public List<TimeSpan> Pauses { get; } = [];

    /// <summary>Added to the machine's time.</summary>
    public TimeSpan Offset { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp()
    {
        lock (_gate)
        {
            return _passed.Ticks;
        }
    }

    public override DateTimeOffset GetUtcNow() => s_start + TimeSpan.FromTicks(GetTimestamp()) + Offset;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime < TimeSpan.Zero || dueTime >= limit)
        {
            return new Timer();
        }

        lock (_gate)
        {
            Pauses.Add(dueTime);
            _passed += dueTime;
        }

        ThreadPool.UnsafeQueueUserWorkItem(_ => callback(state), null);
        return new Timer();
    }

    private sealed class Timer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
