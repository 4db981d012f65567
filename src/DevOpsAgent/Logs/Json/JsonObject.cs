using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DevOpsAgent.Logs.Json;

/// <summary>
/// One pass over a JSON object: checks its structure and notes where the values of the known keys stand. Reused for each
/// line; nothing is decoded and nothing is allocated.
/// </summary>
internal sealed class JsonObject
{
    private const int MaxNested = 8;

    /// <summary>The bytes ," as they stand between a value and the next key.</summary>
    private const ushort CommaQuote = '"' << 8 | ',';

    private readonly JsonShape _shape = new();
    private readonly Field[] _fields = new Field[(int)JsonKey.Count];
    private readonly Range[] _nested = new Range[MaxNested];
    private uint _seen;
    private uint _twice;
    private int _nestedCount;

    private enum FieldKind : byte
    {
        Null,
        Text,
        EscapedText,
        Scalar,
        Nested,
    }

    /// <summary>Values that are objects themselves, the first few: where shippers put the record (<c>log_processed</c>).</summary>
    public ReadOnlySpan<Range> Nested => _nested.AsSpan(0, _nestedCount);

    /// <summary>True when the object is an access-log record, not a shipper's envelope or Traefik's own log.</summary>
    public bool IsRecord => (_seen & (Bit(JsonKey.ClientAddr) | Bit(JsonKey.ClientHost) | Bit(JsonKey.RequestMethod)
        | Bit(JsonKey.RequestPath) | Bit(JsonKey.DownstreamStatus))) != 0;

    public static uint Bit(JsonKey key) => 1u << (int)key;

    public bool AnyTwice(uint keys) => (_twice & keys) != 0;

    /// <summary>True when the key is there and its value is a string, a number, true or false.</summary>
    public bool Has(JsonKey key) => (_seen & Bit(key)) != 0 && _fields[(int)key].Kind is not (FieldKind.Null or FieldKind.Nested);

    public bool HasText(JsonKey key) => (_seen & Bit(key)) != 0 && _fields[(int)key].Kind is FieldKind.Text or FieldKind.EscapedText;

    /// <summary>The value as it stands in the text, without quotes; empty when <see cref="Has"/> is false.</summary>
    public ReadOnlySpan<byte> Raw(ReadOnlySpan<byte> text, JsonKey key, out bool escaped)
    {
        escaped = false;
        if (!Has(key))
        {
            return default;
        }

        ref readonly var field = ref _fields[(int)key];
        escaped = field.Kind == FieldKind.EscapedText;
        return text.Slice(field.Start, field.Length);
    }

    /// <summary><paramref name="text"/> begins with '{' and must end with the matching '}', but for white space.</summary>
    public bool TryRead(ReadOnlySpan<byte> text, out UnparsedReason reason)
    {
        _seen = _twice = 0;
        _nestedCount = 0;
        var next = 0;
        var position = JsonScan.SkipSpace(text, 1);
        if (position < text.Length && text[position] == '}')
        {
            return IsEnd(text, position + 1, out reason);
        }

        while (true)
        {
            position = ReadUsual(text, position, ref next);
            if (!TryReadKey(text, ref position, ref next, out var key, out reason) || !TryReadValue(text, ref position, key, out reason))
            {
                return false;
            }

            // "a":1,"b":2}
            if (position < text.Length && text[position] == ',' && position + 1 < text.Length && text[position + 1] == '"')
            {
                position++;
                continue;
            }

            position = JsonScan.SkipSpace(text, position);
            if (position >= text.Length)
            {
                reason = UnparsedReason.Truncated;
                return false;
            }

            if (text[position] == '}')
            {
                return IsEnd(text, position + 1, out reason);
            }

            if (text[position] != ',')
            {
                reason = UnparsedReason.InvalidJson;
                return false;
            }

            position = JsonScan.SkipSpace(text, position + 1);
        }
    }

    // Reads on as long as all is as Traefik writes it: known keys, plain strings and whole numbers, no blanks. Returns where the
    // next key begins, which the general way reads. 9 of 10 bytes of a log pass through here.
    private int ReadUsual(ReadOnlySpan<byte> text, int position, ref int next)
    {
        var slots = _shape.Slots;
        ref var bytes = ref MemoryMarshal.GetReference(text);

        // A key of at most one vector, and one vector of its value, lie within the text.
        var last = text.Length - 2 * Vector256<byte>.Count;
        uint seen = _seen, twice = _twice;
        while (position <= last)
        {
            var index = JsonShape.IndexOf(slots, Vector256.LoadUnsafe(ref bytes, (nuint)position), next);
            if (index < 0)
            {
                break;
            }

            ref var slot = ref slots[index];
            var start = position + slot.Length;
            var block = Vector256.LoadUnsafe(ref bytes, (nuint)start);
            int end, after;
            FieldKind kind;
            if (block.ToScalar() == '"')
            {
                var length = BitOperations.TrailingZeroCount(JsonScan.Hits(block) & ~1u);
                if (length == slot.Usual)
                {
                    end = start + slot.Usual;
                }
                else if (length < Vector256<byte>.Count)
                {
                    slot.Usual = length;
                    end = start + length;
                }
                else
                {
                    end = JsonScan.PlainEnd(text, start + Vector256<byte>.Count);
                }

                if (end < 0 || text[end] != '"')
                {
                    break;
                }

                start++;
                after = end + 1;
                kind = FieldKind.Text;
            }
            else
            {
                var digits = BitOperations.TrailingZeroCount(~Vector256.LessThanOrEqual(block - Vector256.Create((byte)'0'), Vector256.Create((byte)9)).ExtractMostSignificantBits());
                if (digits == slot.Usual)
                {
                    end = start + slot.Usual;
                }
                else if (digits is 0 or 32)
                {
                    break;
                }
                else
                {
                    slot.Usual = digits;
                    end = start + digits;
                }

                after = end;
                kind = FieldKind.Scalar;
            }

            if (after + 1 >= text.Length || BinaryPrimitives.ReadUInt16LittleEndian(text[after..]) != CommaQuote)
            {
                break;
            }

            if (slot.Key != JsonKey.None)
            {
                var bit = Bit(slot.Key);
                twice |= seen & bit;
                seen |= bit;
                _fields[(int)slot.Key] = new(start, end - start, kind);
            }

            next = index + 1;
            position = after + 1;
        }

        (_seen, _twice) = (seen, twice);
        return position;
    }

    private void Note(JsonKey key, Field field)
    {
        var bit = Bit(key);
        _twice |= _seen & bit;
        _seen |= bit;
        _fields[(int)key] = field;
    }

    // Attack: in CLF the first column may be a client's X-Forwarded-For. A whole JSON record there, followed by the rest of
    // the CLF line, must not pass for JSON, which detection trusts more: nothing may follow the object.
    private static bool IsEnd(ReadOnlySpan<byte> text, int position, out UnparsedReason reason)
    {
        var whole = JsonScan.SkipSpace(text, position) == text.Length;
        reason = whole ? UnparsedReason.None : UnparsedReason.InvalidJson;
        return whole;
    }

    private bool TryReadKey(ReadOnlySpan<byte> text, ref int position, ref int next, out JsonKey key, out UnparsedReason reason)
    {
        reason = UnparsedReason.None;
        key = JsonKey.None;
        if (position >= text.Length || text[position] != '"')
        {
            reason = position >= text.Length ? UnparsedReason.Truncated : UnparsedReason.InvalidJson;
            return false;
        }

        var start = position;
        var escaped = false;
        var end = JsonScan.StringEnd(text, start + 1, ref escaped);
        if (end < 0)
        {
            reason = UnparsedReason.Truncated;
            return false;
        }

        key = FindKey(text[(start + 1)..end], escaped);
        position = JsonScan.SkipSpace(text, end + 1);
        if (position >= text.Length || text[position] != ':')
        {
            reason = position >= text.Length ? UnparsedReason.Truncated : UnparsedReason.InvalidJson;
            return false;
        }

        if (position++ == end + 1)
        {
            _shape.Learn(text[start..], position - start, ref next, key);
        }

        return true;
    }

    // "Client\u0048ost" is the key ClientHost: a reader that doesn't see that takes another value than the one beside it.
    private JsonKey FindKey(ReadOnlySpan<byte> name, bool escaped)
    {
        if (!escaped)
        {
            return JsonKeys.Find(name);
        }

        // The longest known key is 21 characters, each at most \u00xx.
        Span<byte> plain = stackalloc byte[21 * 6];
        var length = name.Length <= plain.Length ? JsonText.Unescape(name, plain) : -1;
        return length < 0 ? JsonKey.None : JsonKeys.Find(plain[..length]);
    }

    private bool TryReadValue(ReadOnlySpan<byte> text, ref int position, JsonKey key, out UnparsedReason reason)
    {
        reason = UnparsedReason.Truncated;
        if (position < text.Length && text[position] is (byte)' ' or (byte)'\t')
        {
            position = JsonScan.SkipSpace(text, position);
        }

        if (position >= text.Length)
        {
            return false;
        }

        FieldKind kind;
        var start = position;
        int length;
        switch (text[position])
        {
            case (byte)'"':
                var escaped = false;
                var end = JsonScan.StringEnd(text, ++start, ref escaped);
                if (end < 0)
                {
                    return false;
                }

                kind = escaped ? FieldKind.EscapedText : FieldKind.Text;
                length = end - start;
                position = end + 1;
                break;
            case (byte)'{' or (byte)'[':
                end = JsonScan.NestedEnd(text, position, out reason);
                if (end < 0)
                {
                    return false;
                }

                if (text[position] == '{' && _nestedCount < MaxNested)
                {
                    _nested[_nestedCount++] = start..end;
                }

                kind = FieldKind.Nested;
                length = end - start;
                position = end;
                break;
            default:
                position = JsonScan.ScalarEnd(text, position);
                length = position - start;
                if (length == 0)
                {
                    reason = UnparsedReason.InvalidJson;
                    return false;
                }

                kind = text[start] == 'n' ? FieldKind.Null : FieldKind.Scalar;
                break;
        }

        if (key != JsonKey.None)
        {
            Note(key, new(start, length, kind));
        }

        reason = UnparsedReason.None;
        return true;
    }

    private readonly record struct Field(int Start, int Length, FieldKind Kind);
}
