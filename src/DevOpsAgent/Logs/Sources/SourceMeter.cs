namespace DevOpsAgent.Logs.Sources;

/// <summary>Keeps the figures of one source; written by the reading thread, read by any.</summary>
internal sealed class SourceMeter(string source, LineBuffer lines, TimeProvider time)
{
    private sealed record Condition(SourceState State, string? Advice);

    private Condition _condition = new(SourceState.Waiting, null);
    private string? _lastError;
    private long _bytesRead;
    private long _lag;
    private long _lastRead;
    private long _rotations;

    public void Following()
    {
        if (_condition.State != SourceState.Following)
        {
            Volatile.Write(ref _condition, new(SourceState.Following, null));
        }
    }

    public void Waiting(string advice) => Volatile.Write(ref _condition, new(SourceState.Waiting, advice));

    public void Error(string advice)
    {
        Volatile.Write(ref _condition, new(SourceState.Error, advice));
        Note(advice);
    }

    public void Ended() => Volatile.Write(ref _condition, new(SourceState.Ended, null));

    /// <summary>Something went wrong, but reading goes on.</summary>
    public void Note(string error) => Volatile.Write(ref _lastError, error);

    public void Delivered(int bytes)
    {
        Volatile.Write(ref _bytesRead, _bytesRead + bytes);
        Volatile.Write(ref _lastRead, time.GetUtcNow().UtcTicks);
    }

    public void Lag(long bytes) => Volatile.Write(ref _lag, Math.Max(0, bytes));

    public void Rotated() => Volatile.Write(ref _rotations, _rotations + 1);

    public SourceStatus Status()
    {
        var condition = Volatile.Read(ref _condition);
        var lastRead = Volatile.Read(ref _lastRead);
        return new(
            source,
            condition.State,
            condition.Advice,
            Volatile.Read(ref _bytesRead),
            Volatile.Read(ref _lag),
            lastRead == 0 ? null : new DateTimeOffset(lastRead, TimeSpan.Zero),
            Volatile.Read(ref _rotations),
            lines.SkippedLines,
            lines.SkippedBytes,
            Volatile.Read(ref _lastError));
    }
}
