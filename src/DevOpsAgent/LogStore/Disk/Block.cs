using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;

namespace DevOpsAgent.LogStore.Disk;

/// <summary>A run of bytes in a segment file: where, how long before and after packing, and its checksum.</summary>
internal sealed record Block(long Offset, int Length, int RawLength, bool IsPacked, ulong Checksum)
{
    /// <summary>Brotli's fastest: columns are packed already, what is left is entropy.</summary>
    private const int Quality = 1;

    private const int Window = 20;

    /// <summary>First eight bytes of SHA-256.</summary>
    public static ulong ChecksumOf(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }

    /// <summary>Appends bytes, packed where that pays.</summary>
    public static Block Write(Stream file, ReadOnlySpan<byte> raw)
    {
        var offset = file.Position;
        if (raw.Length >= 32)
        {
            var packed = new byte[BrotliEncoder.GetMaxCompressedLength(raw.Length)];
            if (BrotliEncoder.TryCompress(raw, packed, out var length, Quality, Window) && length < raw.Length * 0.95)
            {
                file.Write(packed, 0, length);
                return new(offset, length, raw.Length, true, ChecksumOf(packed.AsSpan(0, length)));
            }
        }

        file.Write(raw);
        return new(offset, raw.Length, raw.Length, false, ChecksumOf(raw));
    }

    /// <exception cref="StoreDamagedException">The bytes aren't those that were written.</exception>
    public byte[] Read(Microsoft.Win32.SafeHandles.SafeFileHandle file, string path)
    {
        var bytes = new byte[Length];
        if (RandomAccess.Read(file, bytes, Offset) != Length || ChecksumOf(bytes) != Checksum)
        {
            throw new StoreDamagedException($"{path}: the block at {Offset} is damaged");
        }

        if (!IsPacked)
        {
            return bytes;
        }

        var raw = new byte[RawLength];
        return BrotliDecoder.TryDecompress(bytes, raw, out var length) && length == RawLength ? raw : throw new StoreDamagedException($"{path}: the block at {Offset} can't be unpacked");
    }
}
