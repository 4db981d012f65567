using DevOpsAgent.Exec.Native;

namespace DevOpsAgent.Exec.Acl;

/// <summary>What a session may use. All are above zero. The keys are these names in snake_case, in bytes and seconds.</summary>
internal sealed record ExecCaps
{
    /// <summary>More than this is read and counted, but not forwarded.</summary>
    public long MaxStdoutBytes { get; init; } = 16 << 20;

    public long MaxStderrBytes { get; init; } = 16 << 20;

    /// <summary>More is denied.</summary>
    public long MaxStdinBytes { get; init; } = 1 << 20;

    /// <summary>A longer timeout is denied, not shortened.</summary>
    public long MaxDurationSecs { get; init; } = 300;

    public long MaxConcurrentPerAgent { get; init; } = 4;

    public long MaxConcurrentTotal { get; init; } = 32;

    /// <summary>Warned once from here on.</summary>
    public long WarnStdoutBytes { get; init; } = 8 << 20;

    public long WarnStderrBytes { get; init; } = 8 << 20;

    public long WarnDurationSecs { get; init; } = 60;

    /// <summary>A session that writes nothing and renews nothing for so long is ended. Null: never.</summary>
    public long? MaxIdleSecs { get; init; }

    /// <summary>Address space of the command (RLIMIT_AS). Null: as the agent's own.</summary>
    public long? MaxMemoryBytes { get; init; }

    /// <summary>Largest file that the command may write (RLIMIT_FSIZE). Null: as the agent's own.</summary>
    public long? MaxFileBytes { get; init; }

    /// <summary>Descriptors that the command may hold (RLIMIT_NOFILE). Null: as the agent's own.</summary>
    public long? MaxOpenFiles { get; init; }

    /// <summary>Processes of the user (RLIMIT_NPROC, counted by the kernel over the whole user). Null: as the agent's own.</summary>
    public long? MaxProcesses { get; init; }

    /// <summary>For the kernel. Where there are any, a command starts later by a tenth of a millisecond or two: it is held until they are set.</summary>
    public IReadOnlyList<ProcessLimit> Limits()
    {
        List<ProcessLimit> limits = [];
        Add(LimitedResource.OpenFiles, MaxOpenFiles);
        Add(LimitedResource.AddressSpaceBytes, MaxMemoryBytes);
        Add(LimitedResource.FileBytes, MaxFileBytes);
        Add(LimitedResource.Processes, MaxProcesses);
        return limits;

        void Add(LimitedResource resource, long? value)
        {
            if (value is { } v)
            {
                limits.Add(new(resource, (ulong)v));
            }
        }
    }
}
