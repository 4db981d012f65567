namespace DevOpsAgent.Exec.Acl;

/// <summary>What loading the ACL gave. A malformed one gives neither: it stops the start.</summary>
internal abstract record ExecPolicy(string Path, DateTimeOffset LoadedAt)
{
    internal sealed record Enabled(string Path, DateTimeOffset LoadedAt, ExecAcl Acl) : ExecPolicy(Path, LoadedAt);

    internal sealed record Disabled(string Path, DateTimeOffset LoadedAt, DisabledReason Reason) : ExecPolicy(Path, LoadedAt);
}

internal enum DisabledReason
{
    /// <summary>There is no file at the default path.</summary>
    AclMissing,

    /// <summary>The file has no section exec.</summary>
    MissingExecSection,

    /// <summary>exec.enabled is false or not set.</summary>
    ExecDisabled,
}
