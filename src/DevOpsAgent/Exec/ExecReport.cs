namespace DevOpsAgent.Exec;

/// <summary>The counts of Exec at one moment. Leaves the program as JSON with these names in snake_case.</summary>
/// <param name="RequestsReceived">= allowed + denied + those that are just being started.</param>
/// <param name="SessionsCancelled">Ended by cancel, lease, disconnect, idle, shutdown or a failed audit; all others are completed.</param>
/// <param name="DenialBreakdown">Count per reason: "argv_not_allowed".</param>
/// <param name="CapBreaches">Count per cap: "stdout", "stderr", "duration".</param>
/// <param name="CapWarnings">Count per cap that was approached.</param>
/// <param name="RecentWarnings">The last 64, oldest first.</param>
/// <param name="ActivePerAgent">Sessions by agent id.</param>
internal sealed record ExecReport(
    long RequestsReceived,
    long RequestsAllowed,
    long RequestsDenied,
    long SessionsStarted,
    long SessionsCompleted,
    long SessionsCancelled,
    long AuditWriteFailures,
    IReadOnlyDictionary<string, long> DenialBreakdown,
    IReadOnlyDictionary<string, long> CapBreaches,
    IReadOnlyDictionary<string, long> CapWarnings,
    IReadOnlyList<ExecWarningRecord> RecentWarnings,
    int ActiveSessions,
    IReadOnlyDictionary<string, int> ActivePerAgent,
    AclSummary AclSummary);

internal sealed record ExecWarningRecord(long TsUnixMs, string RequestId, string Kind, long? Bytes);

/// <summary>What may be shown of the ACL: no ids, no argv.</summary>
internal sealed record AclSummary(bool Enabled, string LoadedFrom, long LoadedAtUnixMs, int AllowEntryCount, int CommandEntryCount, string? DisabledReason);
