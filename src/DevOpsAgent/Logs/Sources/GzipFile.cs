using System.Buffers;
using System.IO.Compression;
using Microsoft.Win32.SafeHandles;

namespace DevOpsAgent.Logs.Sources;

/// <summary>
/// A rotated log as gzip wrote it; several archives behind each other are one text. Of a cut or damaged archive the text
/// before the damage is given, then the end, and <see cref="Problem"/> says so.
/// </summary>
internal sealed class GzipFile(string path, SafeFileHandle handle, FileId id) : LogContent(id)
{
    private GZipStream? _text;
    private long _position;
    private string? _problem;

    /// <summary>RFC 1952: ID1, ID2 and the only compression method.</summary>
    public static ReadOnlySpan<byte> Magic => [0x1f, 0x8b, 8];

    public override bool Sealed => true;

    public override string? Problem => _problem;

    public override int Read(Span<byte> into, long offset)
    {
        if (_text is null || offset < _position)
        {
            _text?.Dispose();
            _text = new GZipStream(new HandleStream(handle), CompressionMode.Decompress);
            _position = 0;
            _problem = null;
        }

        if (offset > _position && !TrySkipTo(offset))
        {
            return 0;
        }

        return Next(into);
    }

    public override bool TryLook(out FileFacts facts) => FileIdentity.TryLook(handle, out facts);

    public override void Dispose()
    {
        _text?.Dispose();
        handle.Dispose();
    }

    private bool TrySkipTo(long offset)
    {
        var dropped = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            while (_position < offset)
            {
                if (Next(dropped.AsSpan(0, (int)Math.Min(dropped.Length, offset - _position))) == 0)
                {
                    return false;
                }
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(dropped);
        }
    }

    private int Next(Span<byte> into)
    {
        if (_problem is not null)
        {
            return 0;
        }

        try
        {
            var count = _text!.Read(into);
            _position += count;
            return count;
        }
        catch (InvalidDataException)
        {
            _problem = $"{path} is a damaged or cut archive: its first {_position} bytes of text were read, the rest is lost. Check it with gzip -t.";
            return 0;
        }
    }

    /// <summary>Reads a handle from its start without owning it: the archive may have to be read again from the front.</summary>
    private sealed class HandleStream(SafeFileHandle handle) : Stream
    {
        private long _offset;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => _offset;
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            var count = RandomAccess.Read(handle, buffer, _offset);
            _offset += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
