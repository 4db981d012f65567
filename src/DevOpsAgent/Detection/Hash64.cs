using System.Buffers.Binary;

namespace DevOpsAgent.Detection;

/// <summary>
/// A 64-bit hash of bytes. It is stored in the detector's state, so it must never change. It is not secret: where a
/// chosen collision would help an attacker, mix in a random seed that is not stored.
/// </summary>
internal static class Hash64
{
    public const ulong Seed = 0x9E37_79B9_7F4A_7C15;
    private const ulong Odd = 0xA076_1D64_78BD_642F;
    private const ulong Tail = 0xE703_7ED1_A0B4_28DB;

    public static ulong Of(ReadOnlySpan<byte> bytes, ulong seed = Seed)
    {
        var hash = seed ^ ((ulong)bytes.Length * Odd);
        while (bytes.Length >= 8)
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes), Odd);
            bytes = bytes[8..];
        }

        ulong rest = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            rest |= (ulong)bytes[i] << (8 * i);
        }

        return Mix(hash ^ rest, Tail);
    }

    /// <summary>Hash of a sequence: the hash so far and the next element.</summary>
    public static ulong Chain(ulong hash, ulong next) => Mix(hash ^ next, Odd) + next;

    private static ulong Mix(ulong a, ulong b)
    {
        var high = Math.BigMul(a ^ Seed, b, out var low);
        return high ^ low;
    }
}
