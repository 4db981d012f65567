namespace DevOpsAgent.Detection;

/// <summary>Requests over time in at most 60 buckets; the buckets double their width when time runs out of them.</summary>
internal sealed class ChartRecorder(long start)
{
    private const int Buckets = 60;
    private const int Kinds = 3;
    private int _seconds = 5;
    private int[] _counts = new int[8 * Kinds];
    private int _used;

    public int Bytes => 64 + _counts.Length * 4;

    public void Add(long time, int status)
    {
        var offset = Math.Max(0, time - start);
        var at = offset / (_seconds * TimeSpan.TicksPerSecond);
        while (at >= Buckets && _seconds < int.MaxValue / 2)
        {
            Halve();
            at = offset / (_seconds * TimeSpan.TicksPerSecond);
        }

        var bucket = (int)Math.Min(Buckets - 1, at);
        if (bucket * Kinds >= _counts.Length)
        {
            Array.Resize(ref _counts, Math.Min(Buckets, Math.Max(bucket + 1, _counts.Length / Kinds * 2)) * Kinds);
        }

        _used = Math.Max(_used, bucket + 1);
        _counts[bucket * Kinds + (status is >= 100 and < 400 ? 0 : status is >= 400 and < 500 ? 1 : 2)]++;
    }

    public Chart ToChart() => new()
    {
        Start = new(start, TimeSpan.Zero),
        BucketSeconds = _seconds,
        Ok = Column(0),
        Refused = Column(1),
        Failed = Column(2),
    };

    public void Write(BinaryWriter to)
    {
        to.Write(start);
        to.Write(_seconds);
        to.Write((byte)_used);
        foreach (var count in _counts.AsSpan(0, _used * Kinds))
        {
            to.Write(count);
        }
    }

    public static ChartRecorder Read(BinaryReader from)
    {
        var chart = new ChartRecorder(from.ReadInt64()) { _seconds = Math.Max(1, from.ReadInt32()) };
        chart._used = Math.Min(Buckets, (int)from.ReadByte());
        chart._counts = new int[Math.Max(8, chart._used) * Kinds];
        for (var i = 0; i < chart._used * Kinds; i++)
        {
            chart._counts[i] = from.ReadInt32();
        }

        return chart;
    }

    private int[] Column(int kind)
    {
        var column = new int[_used];
        for (var i = 0; i < column.Length; i++)
        {
            column[i] = _counts[i * Kinds + kind];
        }

        return column;
    }

    private void Halve()
    {
        for (var i = 0; i < _used * Kinds; i++)
        {
            var (bucket, kind) = (i / Kinds, i % Kinds);
            var to = bucket / 2 * Kinds + kind;
            _counts[to] = bucket % 2 == 0 ? _counts[i] : _counts[to] + _counts[i];
        }

        var used = (_used + 1) / 2;
        _counts.AsSpan(used * Kinds).Clear();
        _used = used;
        _seconds *= 2;
    }
}
