namespace DevOpsAgent.LogStore.Ingest;

/// <summary>Documents made of log lines, one behind the other, with the time of each: what one thread prepares and another one keeps.</summary>
internal sealed class LogBatch
{
    private readonly List<(int End, long Ticks)> _documents = [];
    private byte[] _bytes = new byte[1 << 20];
    private int _used;

    public int Count => _documents.Count;

    public long Lines { get; set; }

    public long Skipped { get; set; }

    /// <summary>Start of the request, UTC ticks.</summary>
    public long TicksOf(int document) => _documents[document].Ticks;

    public ReadOnlySpan<byte> this[int document]
    {
        get
        {
            var start = document == 0 ? 0 : _documents[document - 1].End;
            return _bytes.AsSpan(start, _documents[document].End - start);
        }
    }

    public void Add(ReadOnlySpan<byte> document, long ticks)
    {
        if (_used + document.Length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _used + document.Length));
        }

        document.CopyTo(_bytes.AsSpan(_used));
        _used += document.Length;
        _documents.Add((_used, ticks));
    }

    public void Clear()
    {
        _documents.Clear();
        _used = 0;
        Lines = 0;
        Skipped = 0;
    }
}
