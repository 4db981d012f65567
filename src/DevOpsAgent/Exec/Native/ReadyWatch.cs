using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace DevOpsAgent.Exec.Native;

/// <summary>
/// Waits on one thread for all pipes and processes: a pidfd becomes readable when its process has ended. What awaits goes on
/// on that thread, so it must be short; waiting for a disk or a reader is done elsewhere.
/// </summary>
internal sealed class ReadyWatch : IDisposable
{
    private const int MaxEvents = 64;

    // struct epoll_event is packed on x86-64 alone: 4 bytes of flags, then 8 of data.
    private static readonly int DataAt = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    private readonly ConcurrentDictionary<int, TaskCompletionSource> _waiting = new();
    private readonly int _epoll;
    private readonly int[] _wake = new int[2];
    private readonly Thread _thread;

    /// <exception cref="SpawnException">The system gives no epoll.</exception>
    public ReadyWatch()
    {
        _epoll = Libc.epoll_create1(Libc.CloseOnExec);
        if (_epoll < 0 || Libc.pipe2(_wake, Libc.CloseOnExec) != 0 || !Arm(_wake[0], Libc.EpollAdd))
        {
            throw new SpawnException($"Processes can't be watched: {Libc.LastError()}.");
        }

        _thread = new Thread(Run) { IsBackground = true, Name = "exec watch" };
        _thread.Start();
    }

    /// <summary>Done when the descriptor can be read or is at its end; cancelled by <see cref="Forget"/>. One waiter for each.</summary>
    /// <exception cref="SpawnException">The system refuses to watch it.</exception>
    public Task ReadyAsync(int descriptor)
    {
        var ready = new TaskCompletionSource();
        _waiting[descriptor] = ready;
        if (!Arm(descriptor, Libc.EpollModify) && !Arm(descriptor, Libc.EpollAdd))
        {
            _waiting.TryRemove(descriptor, out _);
            throw new SpawnException($"A descriptor can't be watched: {Libc.LastError()}.");
        }

        return ready.Task;
    }

    /// <summary>Before the descriptor is closed: its number may come again.</summary>
    public void Forget(int descriptor)
    {
        _ = Libc.epoll_ctl(_epoll, Libc.EpollDelete, descriptor, new byte[16]);
        if (_waiting.TryRemove(descriptor, out var ready))
        {
            ready.TrySetCanceled();
        }
    }

    public void Dispose()
    {
        _ = Libc.close(_wake[1]); // the reading end becomes readable
        _thread.Join();
        _ = Libc.close(_wake[0]);
        _ = Libc.close(_epoll);
    }

    private bool Arm(int descriptor, int operation)
    {
        var description = new byte[16];
        BitConverter.TryWriteBytes(description, Libc.EpollIn | Libc.EpollOneShot);
        BitConverter.TryWriteBytes(description.AsSpan(DataAt), descriptor);
        return Libc.epoll_ctl(_epoll, operation, descriptor, description) == 0;
    }

    private void Run()
    {
        var size = DataAt + 8;
        var events = new byte[MaxEvents * size];
        while (true)
        {
            var count = Libc.epoll_wait(_epoll, events, MaxEvents, -1);
            for (var i = 0; i < count; i++)
            {
                var descriptor = BitConverter.ToInt32(events, i * size + DataAt);
                if (descriptor == _wake[0])
                {
                    return;
                }

                if (_waiting.TryRemove(descriptor, out var ready))
                {
                    ready.TrySetResult();
                }
            }
        }
    }
}
