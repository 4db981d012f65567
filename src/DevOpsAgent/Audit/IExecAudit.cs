namespace DevOpsAgent.Audit;

/// <summary>Where Exec records what it is asked and does. A request that isn't durable is not carried out.</summary>
internal interface IExecAudit
{
    /// <summary>Completes when the event is on disk (fdatasync). Throws <see cref="AuditException"/> when it can't be: then nothing may be spawned.</summary>
    ValueTask AppendAsync(AuditEvent record, CancellationToken cancellationToken);

    /// <summary>A denial of somebody unauthenticated: rate-limited and summarised, so that strangers can't wear the disk. Never throws.</summary>
    void Count(AuditEvent.Denial denial);
}

/// <summary>The audit log can't be written: full, read-only, I/O error. The message says where and what to do.</summary>
internal sealed class AuditException(string message, Exception? inner = null) : Exception(message, inner);
