namespace DevOpsAgent.Audit;

/// <summary>Reads the lines of a log in their order, through closed segments to the one that is written, and on through its rotations.</summary>
internal sealed class AuditTail : IDisposable
{
    private readonly string? _directory;
    private readonly Queue<string> _files = new();
    private LineReader? _reader;
    private long _seq;
    private bool _closed = true;

    /// <param name="path">A directory, or one segment for itself.</param>
    /// <exception cref="IOException">It can't be read.</exception>
    public AuditTail(string path)
    {
        if (!Directory.Exists(path))
        {
            _reader = new(path);
            return;
        }

        _directory = path;
        foreach (var (_, file) in SegmentName.ListClosed(path))
        {
            _files.Enqueue(file);
        }
    }

    /// <summary>Lines that are no lines of a log, or were changed.</summary>
    public int Unreadable { get; private set; }

    /// <summary>False: no more at the moment.</summary>
    public bool TryRead(out AuditLine line, out byte[] text)
    {
        while (true)
        {
            while (_reader is { } reader && reader.TryRead(out var found))
            {
                if (!AuditLine.TryRead(found, out line, out _))
                {
                    Unreadable++;
                    continue;
                }

                text = found.ToArray();
                _seq = line.Seq;
                _closed = line.Event == "checkpoint" && found.IndexOf("\"kind\":\"closing\""u8) >= 0;
                return true;
            }

            if (!TryOpenNext())
            {
                (line, text) = (null!, []);
                return false;
            }
        }
    }

    public void Dispose() => _reader?.Dispose();

    private bool TryOpenNext()
    {
        if (_directory is null)
        {
            return false;
        }

        if (_files.TryDequeue(out var file))
        {
            return TryOpen(file);
        }

        // Behind a closing checkpoint comes a segment that begins with the next seq: closed meanwhile, or the one that is written.
        return (_closed || _reader is null) && (TryOpen(Path.Combine(_directory, SegmentName.Closed(_seq + 1))) || TryOpenCurrent());
    }

    private bool TryOpenCurrent()
    {
        var path = Path.Combine(_directory!, SegmentName.Current);
        if (!File.Exists(path))
        {
            return false;
        }

        // Not yet renamed, it is the segment that was just read to its end.
        using (var first = new LineReader(path))
        {
            if (!first.TryRead(out var text) || (AuditLine.TryRead(text, out var line, out _) && line.Seq <= _seq))
            {
                return false;
            }
        }

        return TryOpen(path);
    }

    private bool TryOpen(string path)
    {
        try
        {
            var next = new LineReader(path);
            _reader?.Dispose();
            _reader = next;
            _closed = false;
            return true;
        }
        catch (FileNotFoundException)
        {
            return false; // let go by retention, or not closed yet
        }
    }
}
