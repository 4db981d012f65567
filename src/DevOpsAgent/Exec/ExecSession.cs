using System.Threading.Channels;
using DevOpsAgent.Audit;
using DevOpsAgent.Exec.Acl;
using DevOpsAgent.Exec.Native;

namespace DevOpsAgent.Exec;

/// <summary>One running command: its streams, its times, its end.</summary>
internal sealed class ExecSession : IDisposable
{
    /// <summary>The most that one Output event holds.</summary>
    public const int ChunkBytes = 16 << 10;

    /// <summary>
    /// For how long the streams are waited for once the leader has ended, and again once the rest of its group was killed. A
    /// process that left the group may hold them open for ever.
    /// </summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private readonly SpawnedProcess _process;
    private readonly IExecAudit _audit;
    private readonly ExecCounts _counts;
    private readonly TimeProvider _time;
    private readonly SessionOutput _output = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly long _startedAt;
    private readonly Lock _gate = new();
    private readonly StreamPump _stdout;
    private readonly StreamPump _stderr;
    private readonly SessionClock _clock;
    private readonly TaskCompletionSource _hurry = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? _kill;
    private ExecCause? _cause;
    private bool _over;
    private Task _recorded = Task.CompletedTask;

    /// <param name="timeout">Above zero, within the ACL.</param>
    public ExecSession(ExecRequest request, AclMatch match, ExecCaps caps, TimeSpan timeout, SpawnedProcess process, IExecAudit audit, ExecCounts counts, TimeProvider time)
    {
        _process = process;
        _audit = audit;
        _counts = counts;
        _time = time;
        RequestId = request.RequestId;
        Sender = request.Sender;
        Argv = request.Argv;
        Connection = request.Connection;
        MatchedAcl = match.Entry.Description;
        StartedAt = time.GetUtcNow();
        _startedAt = time.GetTimestamp();
        _stdout = new(ExecStream.Stdout, caps.MaxStdoutBytes, caps.WarnStdoutBytes, (kind, bytes) => Warn(kind, bytes), Alive);
        _stderr = new(ExecStream.Stderr, caps.MaxStderrBytes, caps.WarnStderrBytes, (kind, bytes) => Warn(kind, bytes), Alive);
        _output.Write(new ExecEvent.Started(Pid));
        _recorded = AppendAsync(new AuditEvent.Started(RequestId.ToString(), Pid));
        _clock = new(time, timeout, TimeSpan.FromSeconds(caps.WarnDurationSecs), request.Lease, TimeSpan.FromSeconds(caps.MaxIdleSecs ?? 0),
            () => Warn(ExecWarningKind.DurationApproachingCap, null), cause => End(cause), Kill);
    }

    public ExecRequestId RequestId { get; }

    public ExecSender Sender { get; }

    public IReadOnlyList<string> Argv { get; }

    public string? Connection { get; }

    /// <summary>The description of the ACL entry that permitted it.</summary>
    public string? MatchedAcl { get; }

    public int Pid => _process.Pid;

    public DateTimeOffset StartedAt { get; }

    /// <summary>
    /// Started, Output and Warning as they come, Exited last, then the end. A reader that is slow slows the command; one that
    /// stopped reading has it run into its timeout.
    /// </summary>
    public ChannelReader<ExecEvent> Events => _output;

    /// <summary>Done when the command and its group are gone, its slot is free and the exit is in the audit log. Never faults.</summary>
    public Task<ExecExit> Completion => Exit.Task;

    private TaskCompletionSource<ExecExit> Exit { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>TERM to the group, KILL 5 s later; KILL at once for shutdown and a failed audit. False: it is over.</summary>
    public bool End(ExecCause cause)
    {
        var now = cause is ExecCause.Shutdown or ExecCause.AuditFailed;
        lock (_gate)
        {
            if (_over)
            {
                if (now)
                {
                    _hurry.TrySetResult();
                }

                return false;
            }

            var first = _cause is null;
            _cause ??= cause;
            if (!first && !now)
            {
                return true;
            }

            // At max the clock's own timer kills; until then TERM has its time.
            _kill ??= now || cause == ExecCause.Timeout ? null : _time.CreateTimer(_ => Kill(), null, SessionClock.KillAfter, Timeout.InfiniteTimeSpan);
            _process.Signal(now ? Libc.SigKill : Libc.SigTerm);
            if (now)
            {
                _hurry.TrySetResult();
            }
        }

        ExecWarningKind? kind = cause switch
        {
            ExecCause.Cancelled => ExecWarningKind.Cancelled,
            ExecCause.LeaseExpired => ExecWarningKind.LeaseExpired,
            ExecCause.PeerDisconnected => ExecWarningKind.PeerDisconnected,
            _ => null,
        };
        if (kind is { } warning)
        {
            Warn(warning, null);
        }

        return true;
    }

    /// <summary>False: it has no lease.</summary>
    public bool RenewLease(TimeSpan lease) => _clock.Renew(lease);

    /// <summary>Runs it to its end. Called once, by <see cref="ExecSessions"/>. Never faults.</summary>
    /// <param name="free">Gives the slot back.</param>
    internal async Task RunAsync(ReadOnlyMemory<byte> stdin, Action free)
    {
        ExecExit exit;
        try
        {
            exit = await ConductAsync(stdin);
        }
        catch (Exception)
        {
            // A fault of ours must cost neither the slot nor leave the command running.
            _process.Signal(Libc.SigKill);
            _process.Reap();
            exit = new(null, null, _time.GetElapsedTime(_startedAt), _stdout.Bytes, _stderr.Bytes, Truncated: true, _cause);
        }

        Dispose();
        _counts.Ended(exit.Cause);
        free();
        _output.Write(new ExecEvent.Exited(exit));
        _output.Complete();
        Exit.SetResult(exit);
    }

    private async Task<ExecExit> ConductAsync(ReadOnlyMemory<byte> stdin)
    {
        var feeding = FeedAsync(stdin);
        var streams = Task.WhenAll(
            _stdout.RunAsync(_process.Stdout, _output, _ended.Token),
            _stderr.RunAsync(_process.Stderr, _output, _ended.Token));
        var end = await EndOfLeaderAsync();
        lock (_gate)
        {
            _over = true;
        }

        var took = _time.GetElapsedTime(_startedAt);
        _clock.Dispose();
        await _ended.CancelAsync();
        await WithinGraceAsync(streams);
        _process.Reap();
        await WithinGraceAsync(streams);
        _process.Stdout.Dispose();
        _process.Stderr.Dispose();
        await Task.WhenAll(streams, feeding);

        var exit = new ExecExit(end.Code, end.Signal, took, _stdout.Bytes, _stderr.Bytes,
            _stdout.IsCapped || _stderr.IsCapped || !_stdout.IsComplete || !_stderr.IsComplete, _cause);
        await _recorded;
        await AppendAsync(new AuditEvent.Exit(RequestId.ToString(), exit.Code, exit.Signal, (long)took.TotalMilliseconds, exit.StdoutBytes, exit.StderrBytes, exit.Truncated)
        {
            Cause = exit.Cause?.Wire(),
            StdoutSha256 = _stdout.Sha256(),
            StderrSha256 = _stderr.Sha256(),
        });
        return exit;
    }

    /// <summary>By itself, once it has ended. Ends nothing.</summary>
    public void Dispose()
    {
        _clock.Dispose();
        _kill?.Dispose();
        _stdout.Dispose();
        _stderr.Dispose();
        _ended.Dispose();
    }

    private async Task<ProcessEnd> EndOfLeaderAsync()
    {
        try
        {
            return await _process.Exited;
        }
        catch (SpawnException)
        {
            // It can't be watched, so it may not run.
            _process.Signal(Libc.SigKill);
            return default;
        }
    }

    private async Task WithinGraceAsync(Task streams)
    {
        if (!streams.IsCompleted)
        {
            using var enough = new CancellationTokenSource();
            await Task.WhenAny(streams, _hurry.Task, Task.Delay(Grace, _time, enough.Token));
            await enough.CancelAsync();
        }
    }

    private async Task FeedAsync(ReadOnlyMemory<byte> stdin)
    {
        if (_process.Stdin is not { } pipe)
        {
            return;
        }

        try
        {
            await using (pipe)
            {
                await pipe.WriteAsync(stdin, _ended.Token);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // It ended, or closed its input, without reading all: its own business.
        }
    }

    private void Kill()
    {
        lock (_gate)
        {
            if (!_over)
            {
                _process.Signal(Libc.SigKill);
            }
        }
    }

    private void Alive() => _clock.Alive();

    private void Warn(ExecWarningKind kind, long? bytes)
    {
        _counts.Warned(_time.GetUtcNow(), RequestId, kind, bytes);
        _output.Write(new ExecEvent.Warning(kind, bytes));
        Record(new AuditEvent.Warning(RequestId.ToString(), kind.Wire(), bytes));
    }

    /// <summary>In the order of the calls.</summary>
    private void Record(AuditEvent record)
    {
        lock (_gate)
        {
            _recorded = AfterAsync(_recorded, record);
        }
    }

    private async Task AfterAsync(Task before, AuditEvent record)
    {
        // Away from the caller, who may hold the lock or watch for all: a slow disk must not keep a command from being killed.
        await before.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await AppendAsync(record);
    }

    /// <summary>A command whose deeds can't be recorded any more is ended. Never faults.</summary>
    private async Task AppendAsync(AuditEvent record)
    {
        try
        {
            await _audit.AppendAsync(record, CancellationToken.None);
        }
        catch (Exception)
        {
            _counts.AuditFailed();
            End(ExecCause.AuditFailed);
        }
    }
}
