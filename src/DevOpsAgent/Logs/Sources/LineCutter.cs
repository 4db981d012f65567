namespace DevOpsAgent.Logs.Sources;

/// <summary>
/// Cuts whole lines out of bytes as they arrive. A line longer than <see cref="LineBoundary.MaxLine"/> is dropped and
/// counted while it streams by: a line of 1 GB, which any client can cause with a long URL and a lax proxy, takes no memory.
/// </summary>
internal sealed class LineCutter
{
    /// <summary>With so many bytes pending, <see cref="Cut"/> always takes or drops some: a split record and a line at their limits.</summary>
    public const int MaxPending = (2 * LineBoundary.MaxLine) + 2;

    private bool _inLongLine;
    private long _skippedLines;
    private long _skippedBytes;

    public long SkippedLines => Volatile.Read(ref _skippedLines);

    public long SkippedBytes => Volatile.Read(ref _skippedBytes);

    /// <summary>A too long line is streaming by: what comes next is no start of a record.</summary>
    public bool InLongLine => _inLongLine;

    /// <summary>The next bytes are the rest of a line whose start is unknown: they go as well, uncounted as a line.</summary>
    public void SkipRestOfLine() => _inLongLine = true;

    public void Reset() => _inLongLine = false;

    /// <summary>How many pending bytes to drop from the front, and the length of the block of whole lines behind them (0 = none yet).</summary>
    /// <param name="bytes">All that is pending.</param>
    /// <param name="last">Nothing will follow: a last line without LF counts as a line.</param>
    public (int Drop, int Length) Cut(ReadOnlySpan<byte> bytes, bool last)
    {
        var drop = 0;
        while (true)
        {
            if (_inLongLine)
            {
                var end = bytes[drop..].IndexOf((byte)'\n') + 1;
                var dropped = end == 0 ? bytes.Length - drop : end;
                Volatile.Write(ref _skippedBytes, _skippedBytes + dropped);
                drop += dropped;
                if (end == 0)
                {
                    _inLongLine = !last;
                    return (drop, 0);
                }

                _inLongLine = false;
            }

            var rest = bytes[drop..];
            var longLine = FindLongLine(rest);
            if (longLine < 0)
            {
                return (drop, last ? rest.Length : LineBoundary.CompleteLength(rest));
            }

            if (longLine > 0)
            {
                return (drop, longLine);
            }

            Volatile.Write(ref _skippedLines, _skippedLines + 1);
            _inLongLine = true;
        }
    }

    /// <summary>Where the first too long line starts, or -1. Looks at one line feed per 64 KiB only.</summary>
    private static int FindLongLine(ReadOnlySpan<byte> bytes)
    {
        var start = 0;
        while (bytes.Length - start > LineBoundary.MaxLine)
        {
            var end = bytes.Slice(start, LineBoundary.MaxLine + 1).LastIndexOf((byte)'\n') + 1;
            if (end == 0)
            {
                return start;
            }

            start += end;
        }

        return -1;
    }
}
