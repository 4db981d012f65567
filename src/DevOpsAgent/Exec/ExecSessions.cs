using DevOpsAgent.Audit;
using DevOpsAgent.Exec.Acl;

namespace DevOpsAgent.Exec;

/// <summary>
/// ExecSessions is the only place where a command is started, and holds all that run. A request is durable in the audit log
/// before its process exists.
/// </summary>
internal sealed class ExecSessions(ExecPolicy policy, IExecAudit audit, TimeProvider time) : IAsyncDisposable
{
    public ExecPolicy Policy => policy;

    public TimeProvider Time => time;

    public IExecAudit Audit => audit;

    public IReadOnlyList<ExecSession> Active => [];

    /// <summary>Names the gateway whose permits are taken; before that none are. Once.</summary>
    public void OpenTo(object gateway) => throw new NotSupportedException(gateway.ToString());

    /// <summary>What would be said to this request now. Counts and writes nothing.</summary>
    public ExecRefusal? Judge(ExecRequest request) => throw new NotSupportedException(request.ToString());

    /// <summary>The same, and a refusal is counted and audited. For the guard and for transports; a null is no permit.</summary>
    public ValueTask<ExecRefusal?> AdmitAsync(ExecRequest request, CancellationToken cancellationToken) => throw new NotSupportedException(request.ToString());

    /// <summary>A frame that could not be read: counted as malformed_frame.</summary>
    public void CountMalformed() => throw new NotSupportedException();

    /// <summary>Judges again, takes a slot, writes the audit request, spawns. Never throws for what the request or the system does.</summary>
    public Task<ExecStart> StartAsync(ApprovedCommand command, CancellationToken cancellationToken) => throw new NotSupportedException(command.ToString());

    /// <summary>TERM to the group, KILL 5 s later. False: no such session, or it is another agent's.</summary>
    /// <param name="agentId">Only this agent's session; null: anybody's.</param>
    public bool Cancel(ExecRequestId id, ExecCause cause = ExecCause.Cancelled, string? agentId = null) => throw new NotSupportedException();

    /// <summary>The lease runs from now on for so long. False: no such session of this agent, or it has no lease.</summary>
    public bool RenewLease(ExecRequestId id, TimeSpan lease, string? agentId = null) => throw new NotSupportedException();

    /// <summary>Ends every session that came over this connection. Returns how many.</summary>
    public int Disconnect(string connection) => throw new NotSupportedException(connection);

    /// <summary>KILL to all groups; nothing is started any more. Done when all sessions are.</summary>
    public Task ShutdownAsync() => throw new NotSupportedException();

    public ExecReport Report() => throw new NotSupportedException();

    public ValueTask DisposeAsync() => default;
}
