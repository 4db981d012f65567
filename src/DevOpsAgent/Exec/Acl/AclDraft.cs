using DevOpsAgent.Configuration;

namespace DevOpsAgent.Exec.Acl;

/// <summary>An ACL file as read, before its programs are looked for.</summary>
internal sealed record AclDraft
{
    public bool Enabled { get; init; }
    public ExecCaps Caps { get; init; } = new();
    public string? DefaultCwd { get; init; }
    public string AuditLogPath { get; init; } = "/var/log/devops-agent/exec-audit.jsonl";
    public string? AuditTasklistId { get; init; }
    public IReadOnlyList<EntryDraft> Allow { get; init; } = [];
}

internal sealed record EntryDraft
{
    public string? Description { get; init; }
    public string AgentId { get; init; } = "";
    public string MachineId { get; init; } = "";
    public long? MaxDurationSecs { get; init; }
    public IReadOnlyList<CommandDraft> Commands { get; init; } = [];
}

internal sealed record CommandDraft
{
    public ArgvDraft Argv { get; init; } = new([], null);
    public string? Sha256 { get; init; }
}

/// <param name="At">Where it stands, for what is wrong with its program.</param>
internal sealed record ArgvDraft(IReadOnlyList<AclToken> Tokens, ConfigNode? At);
