namespace DevOpsAgent.Audit;

/// <summary>One line of the exec audit: the five events and keys of the original format, see docs. Keys are these names in snake_case; nulls are written.</summary>
/// <param name="RequestId">32 hex digits.</param>
internal abstract record AuditEvent(string RequestId)
{
    /// <param name="MatchedAcl">The description of the ACL entry that permitted it.</param>
    internal sealed record Request(string RequestId, string AgentId, string MachineId, IReadOnlyList<string> Argv, string? MatchedAcl, long StdinBytes, long TimeoutMs)
        : AuditEvent(RequestId)
    {
        /// <summary>SHA-256 of standard input, 64 hex; null for none.</summary>
        public string? StdinSha256 { get; init; }
    }

    internal sealed record Started(string RequestId, int Pid) : AuditEvent(RequestId);

    /// <param name="Kind">stdout_cap_hit, stderr_cap_hit, stdout_approaching_cap, stderr_approaching_cap, duration_approaching_cap, lease_expired, peer_disconnected, cancelled.</param>
    internal sealed record Warning(string RequestId, string Kind, long? Bytes) : AuditEvent(RequestId);

    internal sealed record Exit(string RequestId, int? Code, int? Signal, long DurationMs, long StdoutBytes, long StderrBytes, bool Truncated)
        : AuditEvent(RequestId)
    {
        /// <summary>Why it was ended early: timeout, cancelled, lease_expired, peer_disconnected, idle, shutdown; null for its own end.</summary>
        public string? Cause { get; init; }

        public string? StdoutSha256 { get; init; }
        public string? StderrSha256 { get; init; }
    }

    /// <param name="Reason">As in the order of the checks: unverified_sender, trust_rejected, exec_disabled, ...</param>
    internal sealed record Denial(string RequestId, string? AgentId, string? MachineId, IReadOnlyList<string> Argv, string Reason) : AuditEvent(RequestId)
    {
        /// <summary>How many denials this line stands for: more than one where those of strangers were summed up; ids and argv are the first one's.</summary>
        public long Count { get; init; } = 1;

        /// <summary>When the first of them came; null for a denial that has a line of its own.</summary>
        public long? SinceUnixMs { get; init; }
    }
}
