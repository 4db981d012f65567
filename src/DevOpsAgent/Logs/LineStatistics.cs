namespace DevOpsAgent.Logs;

/// <summary>Counts what became of the lines of a log. Not thread-safe: each thread counts for itself, then they are merged.</summary>
internal sealed class LineStatistics
{
    private static readonly string[] s_labels =
    [
        "none", "empty", "too-long", "binary", "not-a-log-line", "truncated", "invalid-json", "too-deep", "duplicate-key",
        "missing-field", "bad-time", "bad-status", "bad-client", "bad-clf",
    ];

    private readonly long[] _parsed = new long[(int)LogFormat.GenericClf + 1];
    private readonly long[] _unparsed = new long[(int)UnparsedReason.BadClf + 1];

    /// <summary>All lines: parsed, unparsed, and parts of a record that went on in the next line.</summary>
    public long Lines { get; private set; }

    /// <summary>Bytes of all lines, without line ends.</summary>
    public long Bytes { get; private set; }

    /// <summary>Lines that were only a part of a record (CRI tag P).</summary>
    public long Parts => _unparsed[(int)UnparsedReason.None];

    public long Parsed
    {
        get
        {
            long sum = 0;
            foreach (var count in _parsed)
            {
                sum += count;
            }

            return sum;
        }
    }

    public long Unparsed => Lines - Parsed - Parts;

    public long ParsedAs(LogFormat format) => _parsed[(int)format];

    public long UnparsedFor(UnparsedReason reason) => reason == UnparsedReason.None ? 0 : _unparsed[(int)reason];

    public void AddParsed(LogFormat format, int bytes)
    {
        _parsed[(int)format]++;
        Lines++;
        Bytes += bytes;
    }

    /// <summary><see cref="UnparsedReason.None"/> counts a part.</summary>
    public void AddUnparsed(UnparsedReason reason, int bytes)
    {
        _unparsed[(int)reason]++;
        Lines++;
        Bytes += bytes;
    }

    public void Merge(LineStatistics other)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (var i = 0; i < _parsed.Length; i++)
        {
            _parsed[i] += other._parsed[i];
        }

        for (var i = 0; i < _unparsed.Length; i++)
        {
            _unparsed[i] += other._unparsed[i];
        }

        Lines += other.Lines;
        Bytes += other.Bytes;
    }

    public void Clear()
    {
        Array.Clear(_parsed);
        Array.Clear(_unparsed);
        Lines = Bytes = 0;
    }

    /// <summary>"not-a-log-line": the label in metrics and the key in JSON output.</summary>
    public static string Label(UnparsedReason reason) => s_labels[(int)reason];
}
