namespace DevOpsAgent.Audit;

/// <summary>
/// Denials of people who haven't shown who they are: one line for each reason and interval, with their number, however many
/// come. Without this anybody who reaches the socket could make the disk write as often as he likes.
/// </summary>
internal sealed class DenialCounter : IDisposable
{
    // The checks know fifteen reasons; what else comes is counted under one name.
    private const int MostReasons = 32;
    private const string Other = "other";

    // Of a stranger's command line only its beginning is kept.
    private const int MostWords = 16, MostCharacters = 128;

    private readonly Lock _gate = new();
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly Func<AuditEvent, CancellationToken, ValueTask> _append;
    private readonly ITimer _timer;
    private Dictionary<string, AuditEvent.Denial> _counts = new(StringComparer.Ordinal);
    private bool _armed, _closed;

    public DenialCounter(TimeSpan interval, TimeProvider time, Func<AuditEvent, CancellationToken, ValueTask> append)
    {
        (_interval, _time, _append) = (interval, time, append);
        _timer = time.CreateTimer(static state => ((DenialCounter)state!).Flush(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Never throws.</summary>
    public void Count(AuditEvent.Denial denial)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            var reason = _counts.ContainsKey(denial.Reason) || _counts.Count < MostReasons ? denial.Reason : Other;
            _counts[reason] = _counts.TryGetValue(reason, out var before)
                ? before with { Count = before.Count + denial.Count }
                : Bounded(denial) with { Reason = reason, SinceUnixMs = _time.GetUtcNow().ToUnixTimeMilliseconds() };
            Arm();
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        Flush();
        lock (_gate)
        {
            _closed = true;
        }
    }

    private void Arm()
    {
        if (!_armed)
        {
            _armed = true;
            _timer.Change(_interval, Timeout.InfiniteTimeSpan);
        }
    }

    private void Flush()
    {
        Dictionary<string, AuditEvent.Denial> counts;
        lock (_gate)
        {
            _armed = false;
            counts = _counts;
            _counts = new(StringComparer.Ordinal);
        }

        foreach (var denial in counts.Values)
        {
            _ = WriteAsync(denial);
        }
    }

    private async Task WriteAsync(AuditEvent.Denial denial)
    {
        try
        {
            await _append(denial, CancellationToken.None);
        }
        catch (AuditException)
        {
            // The disk is full or failing: the number is kept for the next interval.
            lock (_gate)
            {
                if (!_closed)
                {
                    _counts[denial.Reason] = _counts.TryGetValue(denial.Reason, out var newer) ? denial with { Count = denial.Count + newer.Count } : denial;
                    Arm();
                }
            }
        }
    }

    private static AuditEvent.Denial Bounded(AuditEvent.Denial denial) => denial with
    {
        RequestId = Cut(denial.RequestId),
        AgentId = denial.AgentId is null ? null : Cut(denial.AgentId),
        MachineId = denial.MachineId is null ? null : Cut(denial.MachineId),
        Argv = [.. denial.Argv.Take(MostWords).Select(Cut)],
    };

    private static string Cut(string text) => text.Length <= MostCharacters ? text : text[..MostCharacters];
}
