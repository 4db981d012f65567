using System.Collections.Concurrent;

namespace DevOpsAgent.Exec.Native;

/// <summary>
/// Starts processes on a thread of its own. no_new_privs belongs to a thread and is inherited by what it starts, so it is set
/// there once: no command gains rights through setuid, and the agent's other threads keep theirs.
/// </summary>
internal sealed class Spawner : IDisposable
{
    private readonly BlockingCollection<(SpawnOrder Order, TaskCompletionSource<SpawnedProcess> Done)> _orders = [];
    private readonly ReadyWatch _watch;
    private readonly Thread _thread;

    public Spawner()
    {
        // Before the thread: it is a fault of the system, and the caller should hear of it.
        _watch = new ReadyWatch();
        _thread = new Thread(Run) { IsBackground = true, Name = "exec spawner" };
        _thread.Start();
    }

    /// <summary>The process runs when the task completes.</summary>
    /// <exception cref="SpawnException">It could not be started; nothing is left of it.</exception>
    public Task<SpawnedProcess> SpawnAsync(SpawnOrder order)
    {
        var done = new TaskCompletionSource<SpawnedProcess>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            _orders.Add((order, done));
        }
        catch (Exception e) when (e is InvalidOperationException or ObjectDisposedException)
        {
            done.SetException(new SpawnException("Exec is shut down."));
        }

        return done.Task;
    }

    public void Dispose()
    {
        _orders.CompleteAdding();
        _thread.Join();
        _orders.Dispose();
        _watch.Dispose();
    }

    private void Run()
    {
        var refused = Libc.prctl(Libc.PrSetNoNewPrivs, 1, 0, 0, 0) == 0 ? null : $"no_new_privs can't be set: {Libc.LastError()}.";

        // A core file would hold what the command read. This limit is the agent's own, and inherited: the agent holds keys.
        _ = Libc.prlimit(0, (int)LimitedResource.CoreBytes, [0, 0], 0);
        SpawnGate? gate = null;
        foreach (var (order, done) in _orders.GetConsumingEnumerable())
        {
            try
            {
                done.SetResult(refused is null ? SpawnCall.Start(order, _watch, order.Limits.Count > 0 ? gate ??= new SpawnGate() : null) : throw new SpawnException(refused));
            }
            catch (EntryPointNotFoundException e)
            {
                done.SetException(new SpawnException($"This system's C library lacks what Exec needs (glibc 2.34 or newer): {e.Message}"));
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        }

        gate?.Dispose();
    }
}
