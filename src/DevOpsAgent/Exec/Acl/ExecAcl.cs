namespace DevOpsAgent.Exec.Acl;

/// <summary>Who may run what. Made by <see cref="ExecAclReader"/>; holds the pinned files open for as long as it lives.</summary>
internal sealed class ExecAcl : IDisposable
{
    public required ExecCaps Caps { get; init; }

    /// <summary>Where every command runs; the root directory unless configured.</summary>
    public required PinnedDirectory DefaultCwd { get; init; }

    public required string AuditLogPath { get; init; }

    /// <summary>Kept as written: the list that audit segments are mirrored to.</summary>
    public string? AuditTasklistId { get; init; }

    public required IReadOnlyList<AclEntry> Allow { get; init; }

    /// <summary>The first command of the first entry that permits this argv to this pair.</summary>
    public AclMatch? Match(string agentId, string machineId, IReadOnlyList<string> argv)
    {
        foreach (var entry in Allow)
        {
            if (entry.IsFor(agentId, machineId) && entry.Commands.FirstOrDefault(c => c.Matches(argv)) is { } command)
            {
                return new(entry, command);
            }
        }

        return null;
    }

    public bool Knows(string agentId, string machineId) => Allow.Any(e => e.IsFor(agentId, machineId));

    public void Dispose()
    {
        DefaultCwd?.Dispose();
        foreach (var command in Allow.SelectMany(static e => e.Commands))
        {
            command.Program.Dispose();
        }
    }
}

/// <summary>What one agent on one machine may run.</summary>
/// <param name="AgentId">64 lower-case hex digits.</param>
/// <param name="MaxDurationSecs">Below the cap; null: the cap.</param>
internal sealed record AclEntry(string? Description, string AgentId, string MachineId, long? MaxDurationSecs, IReadOnlyList<AclCommand> Commands)
{
    public bool IsFor(string agentId, string machineId) =>
        string.Equals(AgentId, agentId, StringComparison.Ordinal) && string.Equals(MachineId, machineId, StringComparison.Ordinal);
}

internal sealed record AclMatch(AclEntry Entry, AclCommand Command);
