namespace DevOpsAgent.Audit;

/// <summary>The audit of a policy that is switched off: nothing is run, so nothing is written, and no file or directory is made.</summary>
internal sealed class DisabledAudit : IExecAudit
{
    public ValueTask AppendAsync(AuditEvent record, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public void Count(AuditEvent.Denial denial)
    {
    }
}
