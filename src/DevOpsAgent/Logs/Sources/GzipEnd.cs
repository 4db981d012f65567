using System.Buffers.Binary;
using System.IO.Compression;
using Microsoft.Win32.SafeHandles;

namespace DevOpsAgent.Logs.Sources;

/// <summary>
/// Tells a cut archive from a whole one: .NET's decompression takes the end of the file for the end of the text. RFC 1952:
/// a member ends with the CRC and the length (ISIZE, mod 2^32) of its text.
/// </summary>
internal static class GzipEnd
{
    private const int Smallest = 18;
    private const int Window = 256 * 1024;

    /// <summary>Bytes that look like the start of a member by chance come once in 16 MB.</summary>
    private const int MaxCandidates = 64;

    /// <param name="textLength">Length of the text that came out.</param>
    public static bool IsWhole(SafeFileHandle handle, long textLength)
    {
        var size = RandomAccess.GetLength(handle);
        Span<byte> end = stackalloc byte[4];
        if (size < Smallest || RandomAccess.Read(handle, end, size - 4) != 4)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(end);
        return length == (uint)textLength || EndsWithMember(handle, size, length);
    }

    /// <summary>Several members: the last one must give a text of exactly the length at the end of the file.</summary>
    private static bool EndsWithMember(SafeFileHandle handle, long size, uint length)
    {
        var window = new byte[Window + 2];
        var candidates = 0;
        for (var end = size; end > 0; end -= Window)
        {
            var start = Math.Max(0, end - Window);
            var bytes = window.AsSpan(0, (int)Math.Min(end - start + 2, size - start));
            bytes = bytes[..RandomAccess.Read(handle, bytes, start)];
            int at;
            while ((at = bytes.LastIndexOf(GzipFile.Magic)) >= 0)
            {
                if (TextLength(handle, start + at) == length)
                {
                    return true;
                }

                if (++candidates == MaxCandidates)
                {
                    return false;
                }

                bytes = bytes[..(at + 2)];
            }
        }

        return false;
    }

    private static uint? TextLength(SafeFileHandle handle, long offset)
    {
        var room = new byte[64 * 1024];
        long length = 0;
        try
        {
            using var text = new GZipStream(new HandleStream(handle, offset), CompressionMode.Decompress);
            while (text.Read(room) is var count && count > 0)
            {
                length += count;
            }

            return (uint)length;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
