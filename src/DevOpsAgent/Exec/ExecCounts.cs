using DevOpsAgent.Exec.Acl;

namespace DevOpsAgent.Exec;

/// <summary>What Exec counts of itself.</summary>
internal sealed class ExecCounts(ExecPolicy policy)
{
    private const int RecentWarnings = 64;

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, long> _denials = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, long> _breaches = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, long> _warnings = new(StringComparer.Ordinal);
    private readonly Queue<ExecWarningRecord> _recent = new(RecentWarnings);
    private long _received;
    private long _allowed;
    private long _denied;
    private long _completed;
    private long _cancelled;
    private long _auditFailures;

    public void Received() => Interlocked.Increment(ref _received);

    /// <summary>Counted when its process runs: a request is either allowed or denied.</summary>
    public void Allowed() => Interlocked.Increment(ref _allowed);

    public void AuditFailed() => Interlocked.Increment(ref _auditFailures);

    public void Denied(ExecDenial reason)
    {
        lock (_gate)
        {
            _denied++;
            Count(_denials, reason.Wire());
        }
    }

    public void Ended(ExecCause? cause)
    {
        lock (_gate)
        {
            if (cause is null or ExecCause.Timeout)
            {
                _completed++;
            }
            else
            {
                _cancelled++;
            }

            if (cause == ExecCause.Timeout)
            {
                Count(_breaches, "duration");
            }
        }
    }

    public void Warned(DateTimeOffset at, ExecRequestId id, ExecWarningKind kind, long? bytes)
    {
        lock (_gate)
        {
            switch (kind)
            {
                case ExecWarningKind.StdoutCapHit:
                    Count(_breaches, "stdout");
                    break;
                case ExecWarningKind.StderrCapHit:
                    Count(_breaches, "stderr");
                    break;
                case ExecWarningKind.StdoutApproachingCap:
                    Count(_warnings, "stdout");
                    break;
                case ExecWarningKind.StderrApproachingCap:
                    Count(_warnings, "stderr");
                    break;
                case ExecWarningKind.DurationApproachingCap:
                    Count(_warnings, "duration");
                    break;
            }

            if (_recent.Count == RecentWarnings)
            {
                _recent.Dequeue();
            }

            _recent.Enqueue(new(at.ToUnixTimeMilliseconds(), id.ToString(), kind.Wire(), bytes));
        }
    }

    public ExecReport Report(IReadOnlyDictionary<string, int> activePerAgent)
    {
        lock (_gate)
        {
            var allowed = Interlocked.Read(ref _allowed);
            return new(
                Interlocked.Read(ref _received), allowed, _denied, allowed, _completed, _cancelled, Interlocked.Read(ref _auditFailures),
                new SortedDictionary<string, long>(_denials, StringComparer.Ordinal), new SortedDictionary<string, long>(_breaches, StringComparer.Ordinal),
                new SortedDictionary<string, long>(_warnings, StringComparer.Ordinal), [.. _recent],
                activePerAgent.Values.Sum(), activePerAgent, Summary());
        }
    }

    private AclSummary Summary()
    {
        var acl = (policy as ExecPolicy.Enabled)?.Acl;
        var reason = policy is ExecPolicy.Disabled { Reason: var r }
            ? r switch { DisabledReason.AclMissing => "acl_missing", DisabledReason.MissingExecSection => "missing_exec_section", _ => "exec_disabled" }
            : null;
        return new(acl is not null, policy.Path, policy.LoadedAt.ToUnixTimeMilliseconds(), acl?.Allow.Count ?? 0, acl?.Allow.Sum(static e => e.Commands.Count) ?? 0, reason);
    }

    private static void Count(SortedDictionary<string, long> counts, string name) => counts[name] = counts.GetValueOrDefault(name) + 1;
}
