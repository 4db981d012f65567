using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace DevOpsAgent.Logs.Sources;

/// <summary>
/// Reads one plain or compressed file from start to end, without following it. Several threads may take blocks at once:
/// each block has its own buffer, so that blocks are parsed in parallel; their numbers give the order.
/// </summary>
internal sealed class FileReader : IDisposable
{
    /// <summary>Fits the second-level cache of a core, so that a block is still there when it is parsed.</summary>
    public const int DefaultBlockSize = 512 * 1024;

    private readonly Lock _gate = new();
    private readonly LogContent _content;
    private readonly LineCutter _cutter = new();
    private readonly ConcurrentStack<byte[]> _free = new();
    private readonly byte[] _carried;
    private readonly int _blockSize;
    private readonly string _path;
    private int _carriedLength;
    private long _position;
    private long _number;
    private bool _ended;
    private string? _problem;

    private FileReader(LogContent content, string path, int blockSize)
    {
        (_content, _path, _blockSize) = (content, path, blockSize);
        _carried = new byte[blockSize];
    }

    /// <summary>After the end: what was wrong where the file could be read only in part; else null.</summary>
    public string? Problem => Volatile.Read(ref _problem);

    /// <summary>Bytes of (decompressed) text read so far.</summary>
    public long BytesRead => Volatile.Read(ref _position);

    public long SkippedLongLines => _cutter.SkippedLines;

    public long SkippedBytes => _cutter.SkippedBytes;

    /// <summary>False: it can't be read; the problem is a sentence for people.</summary>
    /// <param name="blockSize">Bytes; at least 256 KiB.</param>
    public static bool TryOpen(string path, [NotNullWhen(true)] out FileReader? reader, [NotNullWhen(false)] out string? problem, int blockSize = DefaultBlockSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blockSize, 256 * 1024);
        reader = LogContent.TryOpen(path, FileOptions.SequentialScan, out var content, out problem) ? new(content, path, blockSize) : null;
        return reader is not null;
    }

    /// <summary>The next block; false at the end. Thread-safe. Dispose each block: its buffer is used again.</summary>
    public bool TryReadNext([NotNullWhen(true)] out FileBlock? block)
    {
        lock (_gate)
        {
            block = null;
            if (_ended && _carriedLength == 0)
            {
                return false;
            }

            var buffer = _free.TryPop(out var free) ? free : GC.AllocateUninitializedArray<byte>(_blockSize);
            _carried.AsSpan(0, _carriedLength).CopyTo(buffer);
            var filled = _carriedLength;
            _carriedLength = 0;
            while (true)
            {
                filled += Fill(buffer.AsSpan(filled));
                var (drop, length) = _cutter.Cut(buffer.AsSpan(0, filled), _ended);
                var rest = buffer.AsSpan(drop + length, filled - drop - length);
                if (length > 0)
                {
                    rest.CopyTo(_carried);
                    _carriedLength = rest.Length;
                    block = new(this, buffer, drop, length, _number++, _position - filled + drop);
                    return true;
                }

                if (_ended)
                {
                    _free.Push(buffer);
                    return false;
                }

                rest.CopyTo(buffer);
                filled = rest.Length;
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _content.Dispose();
            _ended = true;
            _carriedLength = 0;
        }
    }

    public void Return(byte[] buffer) => _free.Push(buffer);

    private int Fill(Span<byte> room)
    {
        var count = 0;
        try
        {
            while (count < room.Length && !_ended)
            {
                var read = _content.Read(room[count..], _position);
                count += read;
                Volatile.Write(ref _position, _position + read);
                _ended = read == 0;
            }
        }
        catch (Exception e) when (FileProblem.IsExpected(e))
        {
            _ended = true;
            Volatile.Write(ref _problem, FileProblem.Of(_path, e));
        }

        if (_ended && _content.Problem is { } problem)
        {
            Volatile.Write(ref _problem, problem);
        }

        return count;
    }
}
