using System.Threading.Tasks.Sources;

namespace DevOpsAgent.Audit;

/// <summary>A line whose caller waits for it to be on disk. Used again once its caller has seen the end of it.</summary>
internal sealed class PendingLine(PendingLines pool) : IValueTaskSource
{
    // Continuations run elsewhere: the writer's thread has the next batch to write.
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };

    public LineBody Body { get; } = new();

    public ValueTask Task => new(this, _core.Version);

    public void Complete(Exception? fault)
    {
        if (fault is null)
        {
            _core.SetResult(true);
        }
        else
        {
            _core.SetException(fault);
        }
    }

    public void Reset() => _core.Reset();

    public void GetResult(short token)
    {
        try
        {
            _core.GetResult(token);
        }
        finally
        {
            pool.Return(this);
        }
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) => _core.OnCompleted(continuation, state, token, flags);
}

/// <summary>Lines to be used again, as many as usually wait at once.</summary>
internal sealed class PendingLines
{
    private const int Most = 256;
    private const int KeepBytes = 16 << 10;

    private readonly Lock _gate = new();
    private readonly Stack<PendingLine> _free = new();
    private readonly List<LineBody> _bodies = [];

    public PendingLine Rent()
    {
        lock (_gate)
        {
            return _free.TryPop(out var line) ? line : new(this);
        }
    }

    public void Return(PendingLine line)
    {
        line.Reset();
        if (line.Body.Length > KeepBytes)
        {
            return;
        }

        lock (_gate)
        {
            if (_free.Count < Most)
            {
                _free.Push(line);
            }
        }
    }

    /// <summary>Valid until the next call; for the one who writes.</summary>
    public IReadOnlyList<LineBody> BodiesOf(List<PendingLine> batch)
    {
        _bodies.Clear();
        foreach (var line in batch)
        {
            _bodies.Add(line.Body);
        }

        return _bodies;
    }
}
