using System.Buffers;

namespace DevOpsAgent.Logs.Sources;

/// <summary>
/// The bytes of one source that were read but not yet handed out. Small while little comes, up to 1 MiB when catching up,
/// nothing at all while the source is quiet.
/// </summary>
internal sealed class LineBuffer : IDisposable
{
    private const int Smallest = 16 * 1024;
    private const int Largest = 1024 * 1024;

    private readonly LineCutter _cutter = new();
    private byte[] _bytes = [];
    private int _start;
    private int _end;
    private int _wanted = Smallest;

    /// <summary>Offset in the stream of the first byte that was neither handed out nor skipped.</summary>
    public long Offset { get; private set; }

    /// <summary>The last record boundary at or before <see cref="Offset"/>: where reading can start again.</summary>
    public long Boundary { get; private set; }

    /// <summary>Offset in the stream of the next byte to read.</summary>
    public long ReadOffset => Offset + (_end - _start);

    public long SkippedLines => _cutter.SkippedLines;

    public long SkippedBytes => _cutter.SkippedBytes;

    /// <summary>Goes on at another place.</summary>
    /// <param name="keep">True: with what is pending in front of it, at offsets before that place. False: that is dropped.</param>
    public void Reset(long offset, bool insideLine, bool keep)
    {
        if (keep)
        {
            Offset = Boundary = offset - (_end - _start);
            return;
        }

        _start = _end = 0;
        Offset = Boundary = offset;
        _cutter.Reset();
        if (insideLine)
        {
            _cutter.SkipRestOfLine();
        }
    }

    /// <summary>True: what is pending are parts of a record that a container runtime split, whose last part is still to come.</summary>
    public bool HasOpenRecord => _end > _start && _bytes[_end - 1] == '\n' && !_cutter.InLongLine && LineBoundary.CompleteLength(_bytes.AsSpan(_start, _end - _start)) == 0;

    /// <summary>Room for the next read, never empty. What was taken before is overwritten.</summary>
    public Memory<byte> Room()
    {
        var pending = _end - _start;
        if (_bytes.Length < _wanted || pending > _bytes.Length / 2)
        {
            Replace(Math.Max(_wanted, Math.Min(Largest, pending * 2)));
        }
        else if (_start > 0)
        {
            _bytes.AsSpan(_start, pending).CopyTo(_bytes);
            _start = 0;
            _end = pending;
        }

        return _bytes.AsMemory(_end);
    }

    /// <summary>So many bytes of <see cref="Room"/> were filled. A full room means that there is more: the next one is bigger.</summary>
    public void Add(int count)
    {
        _end += count;
        if (_end == _bytes.Length)
        {
            _wanted = Math.Min(Largest, _bytes.Length * 2);
        }
    }

    /// <summary>The next whole lines; valid until the next call of <see cref="Room"/>.</summary>
    public bool TryTake(bool last, out ReadOnlyMemory<byte> lines)
    {
        var (drop, length) = _cutter.Cut(_bytes.AsSpan(_start, _end - _start), last);
        lines = _bytes.AsMemory(_start + drop, length);
        _start += drop + length;
        Offset += drop + length;
        Boundary = _cutter.InLongLine ? Boundary : Offset;
        return length > 0;
    }

    /// <summary>Gives the memory back while nothing is pending.</summary>
    public void Shrink()
    {
        if (_start == _end && _bytes.Length > 0)
        {
            Dispose();
        }
    }

    public void Dispose()
    {
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }

        _bytes = [];
        _start = _end = 0;
        _wanted = Smallest;
    }

    private void Replace(int size)
    {
        var bigger = ArrayPool<byte>.Shared.Rent(size);
        var pending = _end - _start;
        _bytes.AsSpan(_start, pending).CopyTo(bigger);
        if (_bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }

        _bytes = bigger;
        _start = 0;
        _end = pending;
    }
}
