using System.Security.Cryptography;
using DevOpsAgent.Audit;
using DevOpsAgent.Exec.Acl;
using DevOpsAgent.Exec.Native;

namespace DevOpsAgent.Exec;

/// <summary>
/// ExecSessions is the only place where a command is started, and holds all that run. A request is durable in the audit log
/// before its process exists.
/// </summary>
internal sealed class ExecSessions : IAsyncDisposable
{
    /// <summary>How many request ids are remembered: at 32 sessions at once, more than a day of one-second commands is not needed.</summary>
    private const int RememberedIds = 4096;

    private readonly IExecAudit _audit;
    private readonly TimeProvider _time;
    private readonly ExecJudge _judge;
    private readonly ExecCounts _counts;
    private readonly Spawner? _spawner;
    private readonly Lock _gate = new();
    private readonly Dictionary<ExecRequestId, SessionSlot> _slots = [];
    private readonly RecentIds _recent = new(RememberedIds);
    private readonly IReadOnlyList<string> _environment;
    private object? _gateway;
    private bool _closing;

    /// <param name="home">HOME of the commands.</param>
    /// <exception cref="SpawnException">The system lacks what is needed to start and watch processes.</exception>
    public ExecSessions(ExecPolicy policy, IExecAudit audit, TimeProvider time, string home = "/")
    {
        Policy = policy;
        _audit = audit;
        _time = time;
        _judge = new(policy);
        _counts = new(policy);
        _spawner = policy is ExecPolicy.Enabled ? new Spawner() : null;
        _environment = [$"PATH={ExecAclReader.SearchPath}", $"HOME={home}", "LANG=C.UTF-8", "LC_ALL=C.UTF-8"];
    }

    public ExecPolicy Policy { get; }

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<ExecSession> Active
    {
        get
        {
            lock (_gate)
            {
                return [.. _slots.Values.Select(static s => s.Session).OfType<ExecSession>().OrderBy(static s => s.StartedAt)];
            }
        }
    }

    /// <summary>Names the gateway whose permits are taken; before that none are.</summary>
    /// <exception cref="InvalidOperationException">A second time.</exception>
    public void OpenTo(object gateway)
    {
        if (Interlocked.CompareExchange(ref _gateway, gateway, null) is not null)
        {
            throw new InvalidOperationException("Exec belongs to a gateway already.");
        }
    }

    /// <summary>What would be said to this request now. Counts and writes nothing. Never throws.</summary>
    public ExecRefusal? Judge(ExecRequest request)
    {
        lock (_gate)
        {
            return Refuse(request, out _);
        }
    }

    /// <summary>The same, and a refusal is counted and audited. For the guard and for transports; a null is no permit.</summary>
    public async ValueTask<ExecRefusal?> AdmitAsync(ExecRequest request, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var refusal = Judge(request);
        if (refusal is not null)
        {
            _counts.Received();
            await DenyAsync(request, refusal);
        }

        return refusal;
    }

    /// <summary>A frame that could not be read: received and denied as malformed_frame. Nothing is written: anybody can send one.</summary>
    public void CountMalformed()
    {
        _counts.Received();
        _counts.Denied(ExecDenial.MalformedFrame);
    }

    /// <summary>Judges again, takes a slot, writes the audit request, spawns. Nothing that the request or the system does makes it throw.</summary>
    /// <param name="cancellationToken">Looked at before anything is done; what was begun is ended by <see cref="Cancel"/>.</param>
    /// <exception cref="InvalidOperationException">The permit is another gateway's.</exception>
    public async Task<ExecStart> StartAsync(ApprovedCommand command, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_gateway is null || !ReferenceEquals(command.IssuedBy, _gateway))
        {
            throw new InvalidOperationException("The permit was not made by the gateway that Exec belongs to.");
        }

        var request = command.Request;
        _counts.Received();
        SessionSlot slot;
        AclMatch? match;
        ExecRefusal? refusal;
        lock (_gate)
        {
            refusal = Refuse(request, out match);
            slot = new(request);
            if (refusal is null)
            {
                _slots.Add(request.RequestId, slot);
                _recent.Add(request.RequestId);
            }
        }

        if (refusal is not null)
        {
            return await DenyAsync(request, refusal);
        }

        var acl = ((ExecPolicy.Enabled)Policy).Acl;
        var timeout = request.Timeout > TimeSpan.Zero ? request.Timeout : ExecJudge.Longest(acl, match!.Entry);
        var refused = await RecordAsync(request, match!, timeout);
        SpawnedProcess? process = null;
        try
        {
            process = refused is null ? await _spawner!.SpawnAsync(Order(request, match!, acl)) : null;
        }
        catch (Exception e)
        {
            refused = new(ExecDenial.SpawnFailed, e.Message);
        }

        if (refused is not null)
        {
            Free(slot);
            return await DenyAsync(request, refused);
        }

        _counts.Allowed();
        var session = new ExecSession(request, match!, acl.Caps, timeout, process!, _audit, _counts, _time);
        slot.Fill(session);
        _ = session.RunAsync(request.Stdin, () => Free(slot));
        request.OnStarted?.Invoke(session);
        return new ExecStart.Running(session);
    }

    /// <summary>TERM to the group, KILL 5 s later. False: no such session, it is over, or it is another agent's.</summary>
    /// <param name="agentId">Only this agent's session; null: anybody's.</param>
    public bool Cancel(ExecRequestId id, ExecCause cause = ExecCause.Cancelled, string? agentId = null) => Find(id, agentId)?.End(cause) ?? false;

    /// <summary>The lease runs from now on for so long. False: no such session of this agent, or it has no lease.</summary>
    public bool RenewLease(ExecRequestId id, TimeSpan lease, string? agentId = null) => Find(id, agentId)?.Session?.RenewLease(lease) ?? false;

    /// <summary>Ends every session that came over this connection. Returns how many.</summary>
    public int Disconnect(string connection)
    {
        SessionSlot[] slots;
        lock (_gate)
        {
            slots = [.. _slots.Values.Where(s => string.Equals(s.Request.Connection, connection, StringComparison.Ordinal))];
        }

        return slots.Count(static s => s.End(ExecCause.PeerDisconnected));
    }

    /// <summary>KILL to all groups; nothing is started any more. Done when all sessions are.</summary>
    public async Task ShutdownAsync()
    {
        SessionSlot[] slots;
        lock (_gate)
        {
            _closing = true;
            slots = [.. _slots.Values];
        }

        foreach (var slot in slots)
        {
            slot.End(ExecCause.Shutdown);
        }

        await Task.WhenAll(slots.Select(static s => s.Freed.Task));
    }

    public ExecReport Report()
    {
        lock (_gate)
        {
            return _counts.Report(_slots.Values.Where(static s => s.Session is not null)
                .GroupBy(static s => s.Request.Sender.AgentId, StringComparer.Ordinal)
                .ToDictionary(static g => g.Key, static g => g.Count(), StringComparer.Ordinal));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ShutdownAsync();
        _spawner?.Dispose();
    }

    // Under the lock: two that count the same free place would both get it.
    private ExecRefusal? Refuse(ExecRequest request, out AclMatch? match)
    {
        if (_judge.Refuse(request, out match) is { } refusal)
        {
            return refusal;
        }

        var caps = ((ExecPolicy.Enabled)Policy).Acl.Caps;
        if (_slots.Count >= caps.MaxConcurrentTotal)
        {
            return new(ExecDenial.ConcurrencyLimitReached, $"{_slots.Count} commands run, as many as are allowed in all. Try again when one has ended.");
        }

        var own = _slots.Values.Count(s => string.Equals(s.Request.Sender.AgentId, request.Sender.AgentId, StringComparison.Ordinal));
        if (own >= caps.MaxConcurrentPerAgent)
        {
            return new(ExecDenial.ConcurrencyLimitReached, $"{own} commands of this agent run, as many as it may have. Try again when one has ended.");
        }

        if (_slots.ContainsKey(request.RequestId) || _recent.Contains(request.RequestId))
        {
            return new(ExecDenial.RequestIdReused, "This request id was used before. Each request needs a new one.");
        }

        return _closing ? new(ExecDenial.ShuttingDown, "Exec is being shut down.") : null;
    }

    private async Task<ExecStart> DenyAsync(ExecRequest request, ExecRefusal refusal)
    {
        _counts.Denied(refusal.Reason);
        if (Policy is ExecPolicy.Disabled || refusal.Reason == ExecDenial.AuditFailed)
        {
            return new ExecStart.Denied(refusal);
        }

        var record = new AuditEvent.Denial(request.RequestId.ToString(), request.Sender.AgentId, request.Sender.MachineId, request.Argv, refusal.Reason.Wire());
        if (refusal.Reason is ExecDenial.UnverifiedSender or ExecDenial.TrustRejected)
        {
            _audit.Count(record);
            return new ExecStart.Denied(refusal);
        }

        try
        {
            await _audit.AppendAsync(record, CancellationToken.None);
        }
        catch (Exception)
        {
            _counts.AuditFailed();
        }

        return new ExecStart.Denied(refusal);
    }

    private SessionSlot? Find(ExecRequestId id, string? agentId)
    {
        lock (_gate)
        {
            return _slots.TryGetValue(id, out var slot) && (agentId is null || string.Equals(slot.Request.Sender.AgentId, agentId, StringComparison.Ordinal)) ? slot : null;
        }
    }

    private void Free(SessionSlot slot)
    {
        lock (_gate)
        {
            _slots.Remove(slot.Request.RequestId);
        }

        slot.Freed.TrySetResult();
    }

    /// <summary>Null once the request is on disk: only then may anything be started.</summary>
    private async Task<ExecRefusal?> RecordAsync(ExecRequest request, AclMatch match, TimeSpan timeout)
    {
        try
        {
            await _audit.AppendAsync(
                new AuditEvent.Request(request.RequestId.ToString(), request.Sender.AgentId, request.Sender.MachineId, request.Argv, match.Entry.Description, request.Stdin.Length, (long)timeout.TotalMilliseconds)
                {
                    StdinSha256 = request.Stdin.IsEmpty ? null : Convert.ToHexStringLower(SHA256.HashData(request.Stdin.Span)),
                },
                CancellationToken.None);
            return null;
        }
        catch (Exception e)
        {
            _counts.AuditFailed();
            return new(ExecDenial.AuditFailed, $"The request can't be recorded, so nothing was started: {e.Message}");
        }
    }

    private SpawnOrder Order(ExecRequest request, AclMatch match, ExecAcl acl)
    {
        var program = match.Command.Program;
        return new(program.ExecPath, [program.Path, .. request.Argv.Skip(1)], _environment, acl.DefaultCwd.Descriptor, !request.Stdin.IsEmpty, acl.Caps.Limits())
        {
            Check = () => program.TryVerify(out var error) ? null : error,
            CheckAfter = program.IsScript,
        };
    }
}
