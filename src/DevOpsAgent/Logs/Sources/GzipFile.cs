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
    private bool _whole;
    private string? _problem;

    /// <summary>RFC 1952: ID1, ID2 and the only compression method.</summary>
    public static ReadOnlySpan<byte> Magic => [0x1f, 0x8b, 8];

    public override bool Sealed => true;

    public override string? Problem => _problem;

    public override int Read(Span<byte> into, long offset)
    {
        if (into.IsEmpty)
        {
            return 0;
        }

        if (_text is null || offset < _position)
        {
            _text?.Dispose();
            _text = new GZipStream(new HandleStream(handle, 0), CompressionMode.Decompress);
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
            _whole = _whole || (count == 0 && GzipEnd.IsWhole(handle, _position));
            if (count > 0 || _whole)
            {
                return count;
            }
        }
        catch (InvalidDataException)
        {
            // said below
        }

        _problem = $"{path} is a damaged or cut archive: its first {_position} bytes of text were read, the rest is lost. Check it with gzip -t.";
        return 0;
    }
}
