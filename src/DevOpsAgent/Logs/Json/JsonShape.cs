using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DevOpsAgent.Logs.Json;

/// <summary>
/// The keys of the lines read so far, in their order. Traefik writes them sorted, so the next key is nearly always the
/// next one remembered (or one of the few after it), and one vector comparison recognises it and tells its length.
/// </summary>
internal sealed class JsonShape
{
    private const int MaxKeys = 64;

    /// <summary>Keys that were left out of a line without router, plus some.</summary>
    private const int Ahead = 8;

    private readonly Slot[] _slots = new Slot[MaxKeys];
    private int _count;

    public Span<Slot> Slots => _slots.AsSpan(0, _count);

    /// <summary>
    /// The remembered key that <paramref name="text"/> begins with, looked for from <paramref name="next"/> on; -1 = not recognised.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int IndexOf(ReadOnlySpan<Slot> slots, Vector256<byte> text, int next)
    {
        var end = Math.Min(slots.Length, next + Ahead);
        for (var i = next; i < end; i++)
        {
            ref readonly var slot = ref slots[i];
            if ((text & slot.Mask) == slot.Text)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Remembers a key that was not recognised, <c>"Key":</c> at <paramref name="line"/>'s start, in its place.</summary>
    public void Learn(ReadOnlySpan<byte> line, int length, ref int next, JsonKey key)
    {
        // Too long for a vector, or so near the line's end that it is not looked for.
        if (length > Vector256<byte>.Count || line.Length < 2 * Vector256<byte>.Count)
        {
            return;
        }

        // Known, but its value was not the usual one.
        var known = IndexOf(Slots, Vector256.Create(line), next);
        if (known >= 0)
        {
            next = known + 1;
            return;
        }

        if (_count == MaxKeys)
        {
            // Changing keys (a client that invents headers, where all headers are kept): begin again.
            _count = 0;
            next = 0;
        }

        next = Math.Min(next, _count);
        Array.Copy(_slots, next, _slots, next + 1, _count - next);
        Span<byte> bytes = stackalloc byte[Vector256<byte>.Count];
        Span<byte> mask = stackalloc byte[Vector256<byte>.Count];
        bytes.Clear();
        mask.Clear();
        line[..length].CopyTo(bytes);
        mask[..length].Fill(0xFF);
        _slots[next++] = new(Vector256.Create<byte>(bytes), Vector256.Create<byte>(mask), length, key);
        _count++;
    }

    /// <summary>Text is <c>"Key":</c> padded with zeros, Mask has ones where it counts.</summary>
    public record struct Slot(Vector256<byte> Text, Vector256<byte> Mask, int Length, JsonKey Key)
    {
        /// <summary>
        /// Length of its last value. Most stay as they are: where it is compared first, the processor goes on with it before
        /// it has found the value's end.
        /// </summary>
        public int Usual = -1;
    }
}
