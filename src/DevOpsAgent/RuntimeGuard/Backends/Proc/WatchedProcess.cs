namespace DevOpsAgent.RuntimeGuard.Backends.Proc;

/// <summary>A guarded process between two looks.</summary>
internal sealed class WatchedProcess(int pid, long startTicks, string policy, string exe)
{
    /// <summary>Things said of one process; above it they are forgotten and may be said again.</summary>
    private const int MaxSeen = 20_000;

    private readonly HashSet<(GuardEventKind, string)> _seen = [];

    public int Pid { get; } = pid;

    public long StartTicks { get; } = startTicks;

    /// <summary>By name; a reload may change what it says.</summary>
    public string Policy { get; set; } = policy;

    public string Exe { get; set; } = exe;

    /// <summary>MiB, the most that was told.</summary>
    public int PeakMemory { get; set; }

    public bool MemoryExceeded { get; set; }

    /// <summary>CPU time at the last measure, and when that was; null: not measured yet.</summary>
    public (long Ticks, long At)? Cpu { get; set; }

    /// <summary>It should have been killed for a limit, and was not: the next look tries again.</summary>
    public bool Unkilled { get; set; }

    public int PeakCpu { get; set; }

    public bool CpuExceeded { get; set; }

    public IReadOnlySet<string>? Mounts { get; set; }

    /// <summary>True the first time since the last <see cref="Forget"/>.</summary>
    public bool IsNew(GuardEventKind kind, string subject)
    {
        if (_seen.Count >= MaxSeen)
        {
            _seen.Clear();
        }

        return _seen.Add((kind, subject));
    }

    /// <summary>After a reload all is judged again.</summary>
    public void Forget()
    {
        _seen.Clear();
        MemoryExceeded = CpuExceeded = false;
    }
}
