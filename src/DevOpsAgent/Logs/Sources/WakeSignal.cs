using System.Threading.Tasks.Sources;

namespace DevOpsAgent.Logs.Sources;

/// <summary>
/// Lets one reader wait until any of several callers wakes it. The reader goes on inside the call that wakes it: at 200
/// looks a second each change of thread would cost more than the look itself. A call while nobody waits is kept, once.
/// </summary>
internal sealed class WakeSignal : IValueTaskSource
{
    private const int Idle = 0;
    private const int Waiting = 1;
    private const int Set = 2;

    private ManualResetValueTaskSourceCore<bool> _core;
    private int _state;

    /// <summary>For one reader at a time.</summary>
    public ValueTask WaitAsync()
    {
        _core.Reset();
        if (Interlocked.CompareExchange(ref _state, Waiting, Idle) == Set)
        {
            Volatile.Write(ref _state, Idle);
            return ValueTask.CompletedTask;
        }

        return new(this, _core.Version);
    }

    public void Wake()
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Waiting) == Waiting)
        {
            _core.SetResult(true);
            return;
        }

        // Between the two steps the reader can have begun to wait.
        if (Interlocked.CompareExchange(ref _state, Set, Idle) == Waiting)
        {
            Wake();
        }
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
