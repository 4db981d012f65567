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

    /// <summary>
    /// Compares the text at <paramref name="line"/>'s start with the remembered <c>"Key":</c> from
    /// <paramref name="next"/> on. Returns the length of the match with quotes and colon, 0 = not recognised.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Match(ReadOnlySpan<byte> line, ref int next, out JsonKey key)
    {
        if (line.Length >= Vector256<byte>.Count && (uint)next < (uint)_slots.Length)
        {
            ref readonly var slot = ref _slots[next];
            if ((Vector256.Create(line) & slot.Mask) == slot.Text && next < _count)
            {
                next++;
                key = slot.Key;
                return slot.Length;
            }
        }

        return MatchAhead(line, ref next, out key);
    }

    private int MatchAhead(ReadOnlySpan<byte> line, ref int next, out JsonKey key)
    {
        if (line.Length >= Vector256<byte>.Count)
        {
            var text = Vector256.Create(line);
            var end = Math.Min(_count, next + Ahead);
            for (var i = next + 1; i < end; i++)
            {
                ref readonly var slot = ref _slots[i];
                if ((text & slot.Mask) == slot.Text)
                {
                    next = i + 1;
                    key = slot.Key;
                    return slot.Length;
                }
            }
        }

        key = JsonKey.None;
        return 0;
    }

    /// <summary>Remembers a key that was not recognised, <c>"Key":</c> at <paramref name="line"/>'s start, in its place.</summary>
    public void Learn(ReadOnlySpan<byte> line, int length, ref int next, JsonKey key)
    {
        // Too long for a vector, or so near the line's end that it could not be recognised.
        if (length > Vector256<byte>.Count || line.Length < Vector256<byte>.Count)
        {
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

    private readonly record struct Slot(Vector256<byte> Text, Vector256<byte> Mask, int Length, JsonKey Key);
}
