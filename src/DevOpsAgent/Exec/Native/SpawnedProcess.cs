namespace DevOpsAgent.Exec.Native;

/// <summary>
/// A process that runs in its own group. Its number stays taken until <see cref="Reap"/>, so that until then a signal to the
/// group can't reach a stranger.
/// </summary>
internal sealed class SpawnedProcess
{
    private readonly int _descriptor;
    private readonly ExitWatch _exits;
    private readonly Lock _reaping = new();
    private bool _reaped;

    public SpawnedProcess(int pid, int descriptor, ExitWatch exits, SpawnPipes pipes)
    {
        Pid = pid;
        _descriptor = descriptor;
        _exits = exits;
        Stdin = pipes.TakeStdin();
        Stdout = pipes.TakeStdout();
        Stderr = pipes.TakeStderr();
        Exited = exits.Watch(descriptor);
    }

    public int Pid { get; }

    /// <summary>Null: it reads /dev/null.</summary>
    public Stream? Stdin { get; }

    public Stream Stdout { get; }

    public Stream Stderr { get; }

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
            _exits.Forget(_descriptor);
            _ = Libc.waitid(Libc.WaitPidFd, _descriptor, new int[32], Libc.WaitExited | Libc.WaitNoHang);
            _ = Libc.close(_descriptor);
        }
    }
}

/// <summary>How a process ended: one of the two, or neither if somebody else took its status.</summary>
internal readonly record struct ProcessEnd(int? Code, int? Signal);
