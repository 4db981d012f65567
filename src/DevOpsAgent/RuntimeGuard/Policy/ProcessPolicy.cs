namespace DevOpsAgent.RuntimeGuard.Policy;

/// <summary>What one kind of process may do, as written. A list that is null was not given.</summary>
internal sealed record ProcessPolicy
{
    public string Name { get; init; } = "";
    public int Line { get; init; }
    public string? Description { get; init; }
    public Selectors Selectors { get; init; } = new();

    /// <summary>Null: that of the file.</summary>
    public GuardMode? Mode { get; init; }

    /// <summary>Null: anything may be executed. Empty: nothing.</summary>
    public IReadOnlyList<PolicyRule<PathPattern>>? AllowedExec { get; init; }

    public IReadOnlyList<PolicyRule<string>> BlockedSyscalls { get; init; } = [];

    /// <summary>What nobody may do to this process, by the names of system calls.</summary>
    public IReadOnlyList<PolicyRule<string>> ProtectFrom { get; init; } = [];

    /// <summary>Empty: every file that is not blocked.</summary>
    public IReadOnlyList<PolicyRule<PathPattern>> AllowedFiles { get; init; } = [];

    public IReadOnlyList<PolicyRule<PathPattern>> BlockedFiles { get; init; } = [];

    /// <summary>Empty: no network at all (Unix sockets excepted).</summary>
    public IReadOnlyList<PolicyRule<NetworkEntry>> AllowedNetwork { get; init; } = [];

    public IReadOnlyList<PolicyRule<NetworkEntry>> BlockedNetwork { get; init; } = [];

    /// <summary>MiB of resident memory; 0: no limit.</summary>
    public int MaxMemoryMb { get; init; }

    /// <summary>Percent of one processor; 0: no limit.</summary>
    public int MaxCpuPercent { get; init; }
}
