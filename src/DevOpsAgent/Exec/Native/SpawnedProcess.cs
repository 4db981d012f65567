namespace DevOpsAgent.Exec.Native;

/// <summary>
/// A process that runs in its own group. Its number stays taken until <see cref="Reap"/>, so that until then a signal to the
/// group can't reach a stranger.
/// </summary>
internal sealed class SpawnedProcess
{
    private readonly int _descriptor;
    private readonly ReadyWatch _watch;
    private readonly Lock _reaping = new();
    private bool _reaped;

    public SpawnedProcess(int pid, int descriptor, ReadyWatch watch, SpawnPipes pipes)
    {
        Pid = pid;
        _descriptor = descriptor;
        _watch = watch;
        Stdin = pipes.TakeStdin();
        Stdout = pipes.TakeStdout(watch);
        Stderr = pipes.TakeStderr(watch);
        Exited = ExitAsync();
    }

    public int Pid { get; }

    /// <summary>Null: it reads /dev/null.</summary>
    public Stream? Stdin { get; }

    public PipeSource Stdout { get; }

    public PipeSource Stderr { get; }

    /// <summary>When the leader has ended; others of its group may still run.</summary>
    public Task<ProcessEnd> Exited { get; }

    /// <summary>To the whole group; and to the leader alone, should it have left its group.</summary>
    public void Signal(int signal)
    {
        lock (_reaping)
        {
            if (!_reaped && (Libc.kill(-Pid, signal) != 0 || signal == Libc.SigKill))
            {
                _ = Libc.PidFdSignal(_descriptor, signal);
            }
        }
    }

    /// <summary>Kills what is left of the group, then gives the number back. After <see cref="Exited"/>.</summary>
    public void Reap()
    {
        lock (_reaping)
        {
            if (_reaped)
            {
                return;
            }

            _ = Libc.kill(-Pid, Libc.SigKill);
            _reaped = true;
            _watch.Forget(_descriptor);
            _ = Libc.waitid(Libc.WaitPidFd, _descriptor, new int[32], Libc.WaitExited | Libc.WaitNoHang);
            _ = Libc.close(_descriptor);
        }
    }

    /// <summary>Looks at the status and leaves it: the number must stay taken until the group is dealt with.</summary>
    private async Task<ProcessEnd> ExitAsync()
    {
        await _watch.ReadyAsync(_descriptor);

        // siginfo_t: code at 8, status at 24 on 64-bit Linux.
        const int exitedByItself = 1;
        var info = new int[32];
        if (Libc.waitid(Libc.WaitPidFd, _descriptor, info, Libc.WaitExited | Libc.WaitNoHang | Libc.WaitNoReap) != 0)
        {
            return default;
        }

        return info[2] == exitedByItself ? new(info[6], null) : new(null, info[6]);
    }
}

/// <summary>How a process ended: one of the two, or neither if somebody else took its status.</summary>
internal readonly record struct ProcessEnd(int? Code, int? Signal);
