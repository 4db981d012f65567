namespace DevOpsAgent.Logs;

/// <summary>
/// Tells CLF lines whose RequestCount can't be. Traefik numbers the requests of a process as they start and writes their
/// lines as they end: the numbers are nearly sorted and come once. A client that forges lines (a user name with line
/// feeds) doesn't see the counter, and its lines must also fit in time. One instance per log, fed with all CLF lines in
/// file order. O(1) per line, 24 KiB.
/// <para>
/// A restart begins again at 1: lines of a new sequence are suspect until enough of them came without one of the old sequence.
/// A clever forger can still guess right; what rests on CLF alone is for a person to judge.
/// </para>
/// </summary>
internal sealed class RequestCountTracker
{
    /// <summary>How far back numbers are remembered: more than one process has in flight.</summary>
    private const int Window = 1 << 16;

    private const int BlockBits = 6;

    /// <summary>Lines of another sequence, unbroken, that make it the process's own (a restart).</summary>
    private const int MinRival = 32;

    private const int MaxRival = 1 << 14;
    private const int MinJump = 256;

    /// <summary>CLF has whole seconds; lines of one moment may change places.</summary>
    private const long Slack = 5 * TimeSpan.TicksPerSecond;

    private readonly ulong[] _seen = new ulong[Window / 64];
    private readonly long[] _blockTime = new long[Window >> BlockBits];
    private long _first = -1;
    private long _firstStart;
    private long _max = -1;
    private long _end;
    private long _lastEnd;
    private long _averageJump;
    private long _rival = -1;
    private long _rivalEnd;
    private int _rivalLines;
    private int _rivalNeeded = MinRival;
    private long _displaced = -1;
    private bool _outOfStep;

    /// <summary>
    /// True for a line out of step, and for the one that follows it: the last of several lines made from one record has the
    /// record's true count, and a forged client. <paramref name="time"/>: start, UTC ticks; <paramref name="requestCount"/>: -1 where the
    /// line has none, of which nothing can be said.
    /// </summary>
    public bool IsSuspect(long requestCount, long time, long durationNs)
    {
        if (requestCount < 0)
        {
            return false;
        }

        var follows = _outOfStep;
        _outOfStep = IsOutOfStep(requestCount, time, durationNs);
        return _outOfStep || follows;
    }

    private bool IsOutOfStep(long requestCount, long time, long durationNs)
    {
        var end = time + Math.Min(durationNs / 100, long.MaxValue / 4);
        if (_max < 0)
        {
            Begin(requestCount, time, end);
            return false;
        }

        if (Fits(requestCount, time, end))
        {
            Note(requestCount, time, end);
            _rivalLines = 0;
            return false;
        }

        return !Rival(requestCount, time, end);
    }

    private bool Fits(long count, long time, long end)
    {
        // Lines are written when requests end: one that ended long before its neighbours was not written by Traefik.
        if (end < _end - Slack)
        {
            return false;
        }

        if (count > _max)
        {
            return count - _max <= Math.Clamp(_averageJump, MinJump, Window) && time >= Time(_max >> BlockBits) - Slack;
        }

        if (count <= _max - Window)
        {
            return false;
        }

        if (count < _first)
        {
            // In flight when the log began: then it started before the first line's request did.
            return time <= _firstStart + TimeSpan.TicksPerSecond;
        }

        if ((_seen[Word(count)] & Mask(count)) != 0)
        {
            return false;
        }

        // Numbers are given in order of start: a late line started between its numbers' neighbours.
        var block = count >> BlockBits;
        long before = Time(block - 1), after = Time(block + 1);
        return (block - 1 < _first >> BlockBits || before == 0 || time >= before - Slack)
            && (block + 1 > _max >> BlockBits || after == 0 || time <= after + Slack);
    }

    private void Note(long count, long time, long end)
    {
        if (count > _max)
        {
            // A log that is filtered (errors only) has gaps: what is a jump is learned, sixteen times the usual gap.
            var jump = count - _max;
            _averageJump += (jump * 16 - _averageJump) / 16;
            Forget(_max + 1, count);
            _max = count;
        }

        if (count < _first)
        {
            return;
        }

        _seen[Word(count)] |= Mask(count);
        ref var blockTime = ref _blockTime[(count >> BlockBits) & (_blockTime.Length - 1)];
        blockTime = Math.Max(blockTime, time);

        // One forged duration must not push the log's own time forward, after which all true lines would be late: two agree.
        _end = Math.Max(_end, Math.Min(end, _lastEnd));
        _lastEnd = end;
    }

    // Another sequence that goes on unbroken replaces the known one.
    private bool Rival(long count, long time, long end)
    {
        var near = _rivalLines > 0 && Math.Abs(count - _rival) <= MinJump && end >= _rivalEnd - Slack;
        _rivalLines = !near ? 1 : count > _rival ? _rivalLines + 1 : _rivalLines;
        _rival = near ? Math.Max(_rival, count) : count;
        _rivalEnd = near ? Math.Max(_rivalEnd, end) : end;

        var returns = _displaced >= 0 && Math.Abs(count - _displaced) <= MinJump;
        if (_rivalLines < (returns ? 4 : _rivalNeeded))
        {
            return false;
        }

        // The old sequence came back: what displaced it was forged. The next such attempt must be longer.
        _rivalNeeded = returns ? Math.Min(_rivalNeeded * 4, MaxRival) : _rivalNeeded;
        _displaced = returns ? -1 : _max;
        Begin(count, time, end);
        return true;
    }

    private void Begin(long count, long time, long end)
    {
        Array.Clear(_seen);
        Array.Clear(_blockTime);
        _first = _max = count;
        _firstStart = time;
        _end = _lastEnd = end;
        _averageJump = 0;
        _rivalLines = 0;
        _seen[Word(count)] = Mask(count);
        _blockTime[(count >> BlockBits) & (_blockTime.Length - 1)] = time;
    }

    private void Forget(long from, long to)
    {
        for (var count = from; count <= to; count++)
        {
            _seen[Word(count)] &= ~Mask(count);
            if ((count & ((1 << BlockBits) - 1)) == 0)
            {
                _blockTime[(count >> BlockBits) & (_blockTime.Length - 1)] = 0;
            }
        }

        _first = Math.Max(_first, to - Window + 1);
    }

    private long Time(long block) => block < 0 ? 0 : _blockTime[block & (_blockTime.Length - 1)];

    private static int Word(long count) => (int)(count >> 6) & (Window / 64 - 1);

    private static ulong Mask(long count) => 1UL << (int)(count & 63);
}
