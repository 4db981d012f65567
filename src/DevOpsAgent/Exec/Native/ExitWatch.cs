using System.Collections.Concurrent;

namespace DevOpsAgent.Exec.Native;

/// <summary>Waits for the end of all processes on one thread: a pidfd becomes readable when its process has ended.</summary>
internal sealed class ExitWatch : IDisposable
{
    private const int MaxEvents = 64;

    // struct epoll_event is packed on x86-64 alone: 4 bytes of flags, then 8 of data.
    private static readonly int DataAt = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64 ? 4 : 8;

    private readonly ConcurrentDictionary<int, TaskCompletionSource<ProcessEnd>> _waiting = new();
    private readonly int _epoll;
    private readonly int[] _wake = new int[2];
    private readonly Thread _thread;

    /// <exception cref="SpawnException">The system gives no epoll.</exception>
    public ExitWatch()
    {
        _epoll = Libc.epoll_create1(Libc.CloseOnExec);
        if (_epoll < 0 || Libc.pipe2(_wake, Libc.CloseOnExec) != 0)
        {
            throw new SpawnException($"Processes can't be watched: {Libc.LastError()}.");
        }

        Add(_wake[0]);
        _thread = new Thread(Run) { IsBackground = true, Name = "exec exits" };
        _thread.Start();
    }

    public Task<ProcessEnd> Watch(int descriptor)
    {
        var end = new TaskCompletionSource<ProcessEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[descriptor] = end;
        if (!Add(descriptor))
        {
            _waiting.TryRemove(descriptor, out _);
            end.SetException(new SpawnException($"The process can't be watched: {Libc.LastError()}."));
        }

        return end.Task;
    }

    /// <summary>Before the descriptor is closed: its number may come again.</summary>
    public void Forget(int descriptor)
    {
        _waiting.TryRemove(descriptor, out _);
        _ = Libc.epoll_ctl(_epoll, Libc.EpollDelete, descriptor, new byte[16]);
    }

    public void Dispose()
    {
        _ = Libc.close(_wake[1]); // the reading end becomes readable
        _thread.Join();
        _ = Libc.close(_wake[0]);
        _ = Libc.close(_epoll);
    }

    private bool Add(int descriptor)
    {
        var description = new byte[16];
        BitConverter.TryWriteBytes(description, Libc.EpollIn | Libc.EpollOneShot);
        BitConverter.TryWriteBytes(description.AsSpan(DataAt), descriptor);
        return Libc.epoll_ctl(_epoll, Libc.EpollAdd, descriptor, description) == 0;
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

                if (_waiting.TryRemove(descriptor, out var end))
                {
                    end.SetResult(EndOf(descriptor));
                }
            }
        }
    }

    /// <summary>Looks at the status and leaves it: the number must stay taken until the group is dealt with.</summary>
    private static ProcessEnd EndOf(int descriptor)
    {
        // siginfo_t: code at 8, status at 24 on 64-bit Linux.
        const int exitedByItself = 1;
        var info = new int[32];
        if (Libc.waitid(Libc.WaitPidFd, descriptor, info, Libc.WaitExited | Libc.WaitNoHang | Libc.WaitNoReap) != 0)
        {
            return default;
        }

        return info[2] == exitedByItself ? new(info[6], null) : new(null, info[6]);
    }
}
