using System.Buffers.Binary;
using System.Security.Cryptography;

namespace DevOpsAgent.LogStore.Columns;

/// <summary>A hash for tables in memory. Log text is chosen by clients, so its seed is drawn at start: collisions can't be prepared.</summary>
internal static class TextHash
{
    private const ulong Odd = 0xA076_1D64_78BD_642F;

    private static readonly ulong Seed = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8)) | 1;

    public static int Of(ReadOnlySpan<byte> text)
    {
        var hash = Seed ^ ((ulong)text.Length * Odd);
        while (text.Length >= 16)
        {
            hash = Mix(BinaryPrimitives.ReadUInt64LittleEndian(text) ^ Odd, BinaryPrimitives.ReadUInt64LittleEndian(text[8..]) ^ hash);
            text = text[16..];
        }

        ulong low = 0;
        ulong high = 0;
        if (text.Length >= 8)
        {
            low = BinaryPrimitives.ReadUInt64LittleEndian(text);
            high = BinaryPrimitives.ReadUInt64LittleEndian(text[^8..]);
        }
        else
        {
            for (var i = 0; i < text.Length; i++)
            {
                low |= (ulong)text[i] << (8 * i);
            }
        }

        hash = Mix(low ^ Odd, high ^ hash);
        return (int)(hash ^ (hash >> 32));
    }

    private static ulong Mix(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out var low);
        return high ^ low;
    }
}
