namespace DevOpsAgent.Blocking;

/// <summary>
/// One writer at a time. The first change is written at once; what comes within two seconds of a change waits for the end
/// of them and is written together: Traefik itself takes the next change only then.
/// </summary>
internal sealed class WriteThrottle(Func<Task<WriteOutcome>> write, TimeProvider time) : IAsyncDisposable
{
    /// <summary>Traefik's default <c>providersThrottleDuration</c>.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _hurry = new();
    private TaskCompletionSource<TargetResult>? _next;
    private long? _lastChange;

    /// <summary>Everything stored before this call is in the write whose result it gives.</summary>
    public Task<TargetResult> RequestAsync()
    {
        TaskCompletionSource<TargetResult> mine;
        lock (_lock)
        {
            if (_next is { } waiting)
            {
                return waiting.Task;
            }

            _next = mine = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        _ = Task.Run(() => RunAsync(mine));
        return mine.Task;
    }

    /// <summary>Runs something while nobody writes, without waiting for the two seconds.</summary>
    public async Task<T> AloneAsync<T>(Func<Task<T>> work)
    {
        await _turn.WaitAsync();
        try
        {
            return await work();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>What still waits is written now.</summary>
    public async ValueTask DisposeAsync()
    {
        await _hurry.CancelAsync();
        Task? last;
        lock (_lock)
        {
            last = _next?.Task;
        }

        if (last is not null)
        {
            await last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await _turn.WaitAsync();
        _turn.Release();
    }

    private async Task RunAsync(TaskCompletionSource<TargetResult> mine)
    {
        await _turn.WaitAsync();
        try
        {
            await WaitQuietAsync();
            lock (_lock)
            {
                _next = null;
            }

            var outcome = await write();
            if (outcome.Changed)
            {
                _lastChange = time.GetTimestamp();
            }

            mine.SetResult(outcome.Result);
        }
        catch (Exception e)
        {
            mine.SetException(e);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task WaitQuietAsync()
    {
        var left = _lastChange is { } last ? Quiet - time.GetElapsedTime(last) : TimeSpan.Zero;
        if (left <= TimeSpan.Zero)
        {
            return;
        }

        try
        {
            await Task.Delay(left, time, _hurry.Token);
        }
        catch (OperationCanceledException)
        {
            // Stopping: write what there is.
        }
    }
}

/// <param name="Changed">The target's content was changed, so Traefik's two seconds begin.</param>
internal sealed record WriteOutcome(TargetResult Result, bool Changed);
