namespace DevOpsAgent.Audit;

/// <summary>Reads a segment line by line, from a handle of its own: a rename or an append meanwhile doesn't disturb it.</summary>
internal sealed class LineReader : IDisposable
{
    private readonly FileStream _file;
    private byte[] _buffer = new byte[64 << 10];
    private int _start, _end;
    private int _searched;
    private bool _skipping;

    public LineReader(string path, long offset = 0)
    {
        Path = path;
        _file = new(path, new FileStreamOptions { Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });
        Offset = offset;
    }

    public string Path { get; }

    /// <summary>Where the next line begins.</summary>
    public long Offset { get; private set; }

    /// <summary>1 for the first line read.</summary>
    public int Number { get; private set; }

    /// <summary>Bytes at the end that no line feed follows, once <see cref="TryRead"/> gave false. More may come.</summary>
    public ReadOnlySpan<byte> Rest => _buffer.AsSpan(_start, _end - _start);

    /// <summary>False: no whole line is there (yet).</summary>
    /// <param name="line">Without its line feed; valid until the next call. Only the first part of one that is longer than a line may be.</param>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        while (true)
        {
            var unread = _buffer.AsSpan(_start + _searched, _end - _start - _searched);
            var at = unread.IndexOf((byte)'\n');
            if (at >= 0)
            {
                var length = _searched + at;
                line = _buffer.AsSpan(_start, length);
                _start += length + 1;
                _searched = 0;
                Offset += length + 1;
                if (_skipping)
                {
                    _skipping = false;
                    continue;
                }

                Number++;
                return true;
            }

            _searched = _end - _start;
            if (_searched >= LineForm.MaxBytes)
            {
                // Given once as far as it goes: it is no line of ours, so nobody needs the rest of it.
                line = _buffer.AsSpan(_start, _searched);
                Offset += _searched;
                _start = _end = _searched = 0;
                Number += _skipping ? 0 : 1;
                if (_skipping)
                {
                    continue;
                }

                _skipping = true;
                return true;
            }

            if (!Fill())
            {
                line = default;
                return false;
            }
        }
    }

    /// <summary>The last whole line of a file, without its line feed; empty for none. Reads only the end: a closing checkpoint has 600 bytes.</summary>
    public static byte[] LastOf(string path)
    {
        const int end = 8 << 10;
        using var reader = new LineReader(path, Math.Max(0, new FileInfo(path).Length - end));
        byte[] last = [];
        while (reader.TryRead(out var line))
        {
            last = line.ToArray();
        }

        return last;
    }

    public void Dispose() => _file.Dispose();

    private bool Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, LineForm.MaxBytes + 1));
        }

        var read = RandomAccess.Read(_file.SafeFileHandle, _buffer.AsSpan(_end), Offset + _end);
        _end += read;
        return read > 0;
    }
}
