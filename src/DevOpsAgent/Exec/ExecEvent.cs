namespace DevOpsAgent.Exec;

/// <summary>What happens in a session, in order: one Started, any Output and Warning, one Exit.</summary>
internal abstract record ExecEvent
{
    private ExecEvent()
    {
    }

    internal sealed record Started(int Pid) : ExecEvent;

    /// <param name="Bytes">At most <see cref="ExecSession.ChunkBytes"/>.</param>
    internal sealed record Output(ExecStream Stream, ReadOnlyMemory<byte> Bytes) : ExecEvent;

    /// <param name="Bytes">Of the stream so far; null where no stream is meant.</param>
    internal sealed record Warning(ExecWarningKind Kind, long? Bytes) : ExecEvent;

    internal sealed record Exited(ExecExit Exit) : ExecEvent;
}

internal enum ExecStream
{
    Stdout,
    Stderr,
}

/// <summary>How a session ended.</summary>
/// <param name="Code">Null if a signal ended it.</param>
/// <param name="Signal">The signal's number; null if it ended itself.</param>
/// <param name="StdoutBytes">All that was written, including what was not forwarded.</param>
/// <param name="Truncated">Output is missing: a cap was reached, or the pipes were abandoned to a process that kept them open.</param>
/// <param name="Cause">Why we ended it; null for its own end.</param>
internal sealed record ExecExit(int? Code, int? Signal, TimeSpan Duration, long StdoutBytes, long StderrBytes, bool Truncated, ExecCause? Cause);

/// <summary>Why a session was ended early.</summary>
internal enum ExecCause
{
    Timeout,
    Cancelled,
    LeaseExpired,
    PeerDisconnected,

    /// <summary>Nothing was written and no lease renewed for max_idle_secs.</summary>
    Idle,
    Shutdown,

    /// <summary>The audit log failed while it ran.</summary>
    AuditFailed,
}

internal enum ExecWarningKind
{
    StdoutCapHit,
    StderrCapHit,
    StdoutApproachingCap,
    StderrApproachingCap,
    DurationApproachingCap,
    LeaseExpired,
    PeerDisconnected,
    Cancelled,
}
