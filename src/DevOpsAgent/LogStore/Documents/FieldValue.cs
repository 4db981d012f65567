using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using DevOpsAgent.Addresses;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Columns;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Documents;

internal enum ReadKind : byte
{
    Nothing,
    Text,
    Number,
}

/// <summary>A JSON value as its field keeps it, and how its source can be written again.</summary>
internal readonly record struct FieldRead(ReadKind Kind, ShapeKind Shape, long Number = 0, int Nanos = 0, int Digits = 0, int Offset = 0, long Exact = 0);

/// <summary>Turns JSON values into what their fields keep, with Elasticsearch's coercions: "500" and 200.9 are whole numbers to a long.</summary>
internal static class FieldValue
{
    private static readonly DateFormat Detected = new("strict_date_optional_time||yyyy/MM/dd HH:mm:ss Z||yyyy/MM/dd Z");

    public static bool LooksLikeDate(ReadOnlySpan<byte> text) =>
        text.Length is >= 5 and <= 64 && text.IndexOfAny(":-/"u8) >= 0 && text[0] is >= (byte)'0' and <= (byte)'9'
        && Detected.TryParse(Encoding.UTF8.GetString(text), false, TimeZoneInfo.Utc, out _, out _);

    /// <exception cref="DslException">The field can't take it.</exception>
    public static FieldRead Read(FieldMapping field, JsonTokenType token, ReadOnlySpan<byte> text)
    {
        switch (field.Type)
        {
            case FieldType.Text or FieldType.Keyword:
                return new(ReadKind.Text, token == JsonTokenType.String ? ShapeKind.Text : ShapeKind.Raw);
            case FieldType.Ip:
                return token == JsonTokenType.String && IpText.TryParse(text, out _)
                    ? new(ReadKind.Text, ShapeKind.Text)
                    : throw DslException.Argument($"'{Encoding.UTF8.GetString(text)}' is not an IP string literal.");
            case FieldType.Date: return Date(field, token, text);
            case FieldType.Boolean: return Flag(token, text);
            default: return field.Type.IsWhole() ? Whole(field.Type, token, text) : Fraction(field.Type, token, text);
        }
    }

    private static FieldRead Date(FieldMapping field, JsonTokenType token, ReadOnlySpan<byte> text)
    {
        if (token == JsonTokenType.String && !field.HasFormat && IsoTime.TryParse(text, out var millis, out var nanos, out var digits, out var offset))
        {
            return new(ReadKind.Number, ShapeKind.Date, millis, nanos, digits, offset);
        }

        var written = Encoding.UTF8.GetString(text);
        if (token is JsonTokenType.True or JsonTokenType.False || !field.Format.TryParse(written, false, TimeZoneInfo.Utc, out millis, out _))
        {
            throw new DslException("illegal_argument_exception", $"failed to parse date field [{written}] with format [{field.Format.Text}]") { Cause = new("date_time_parse_exception", "Failed to parse with all enclosed parsers") };
        }

        return new(ReadKind.Number, token == JsonTokenType.Number && written == millis.ToString(CultureInfo.InvariantCulture) ? ShapeKind.Whole : ShapeKind.Raw, millis);
    }

    private static FieldRead Flag(JsonTokenType token, ReadOnlySpan<byte> text) => token switch
    {
        JsonTokenType.True => new(ReadKind.Number, ShapeKind.Flag, 1),
        JsonTokenType.False => new(ReadKind.Number, ShapeKind.Flag),
        JsonTokenType.String when text.SequenceEqual("true"u8) => new(ReadKind.Number, ShapeKind.Raw, 1),
        JsonTokenType.String when text.IsEmpty || text.SequenceEqual("false"u8) => new(ReadKind.Number, ShapeKind.Raw),
        _ => throw DslException.Argument($"Failed to parse value [{Encoding.UTF8.GetString(text)}] as only [true] or [false] are allowed."),
    };

    private static FieldRead Whole(FieldType type, JsonTokenType token, ReadOnlySpan<byte> text)
    {
        if (token == JsonTokenType.Number && Utf8Parser.TryParse(text, out long number, out var used) && used == text.Length)
        {
            // "-0" is the one whole number that isn't written as it is read.
            return InRange(type, number, text) is var _ && text is [(byte)'-', (byte)'0'] ? new(ReadKind.Number, ShapeKind.Raw) : new(ReadKind.Number, ShapeKind.Whole, number);
        }

        if (token == JsonTokenType.String && text.IsEmpty)
        {
            return new(ReadKind.Nothing, ShapeKind.Raw);
        }

        var written = Encoding.UTF8.GetString(text);
        if (token is JsonTokenType.True or JsonTokenType.False)
        {
            throw DslException.Content($"Current token (VALUE_{written.ToUpperInvariant()}) not numeric, can not use numeric value accessors");
        }

        if (!double.TryParse(written, NumberStyles.Float, CultureInfo.InvariantCulture, out var approximate) || double.IsNaN(approximate))
        {
            throw DslException.Argument($"For input string: \"{written}\"");
        }

        if (!decimal.TryParse(written, NumberStyles.Float, CultureInfo.InvariantCulture, out var exact) || Math.Truncate(exact) is > long.MaxValue or < long.MinValue)
        {
            throw DslException.Argument($"Value [{written}] is out of range for a {type.Name()}");
        }

        return new(ReadKind.Number, ShapeKind.Raw, InRange(type, (long)Math.Truncate(exact), text));
    }

    private static long InRange(FieldType type, long number, ReadOnlySpan<byte> text)
    {
        var fits = type switch
        {
            FieldType.Integer => number is >= int.MinValue and <= int.MaxValue,
            FieldType.Short => number is >= short.MinValue and <= short.MaxValue,
            FieldType.Byte => number is >= sbyte.MinValue and <= sbyte.MaxValue,
            _ => true,
        };
        return fits ? number : throw DslException.Argument($"Value [{Encoding.UTF8.GetString(text)}] is out of range for a {type.Name()}");
    }

    private static FieldRead Fraction(FieldType type, JsonTokenType token, ReadOnlySpan<byte> text)
    {
        if (token == JsonTokenType.String && text.IsEmpty)
        {
            return new(ReadKind.Nothing, ShapeKind.Raw);
        }

        if (token is JsonTokenType.True or JsonTokenType.False || !Utf8Parser.TryParse(text, out double exact, out var used) || used != text.Length)
        {
            throw DslException.Argument($"For input string: \"{Encoding.UTF8.GetString(text)}\"");
        }

        var kept = Kept(type, exact);
        if (!double.IsFinite(kept))
        {
            throw DslException.Argument($"[{type.Name()}] supports only finite values, but got [{Encoding.UTF8.GetString(text)}]");
        }

        Span<byte> shortest = stackalloc byte[32];
        var isShortest = token == JsonTokenType.Number && exact.TryFormat(shortest, out var length, "R", CultureInfo.InvariantCulture) && shortest[..length].SequenceEqual(text);
        return !isShortest ? new(ReadKind.Number, ShapeKind.Raw, SortableDouble.Encode(kept))
            : kept == exact ? new(ReadKind.Number, ShapeKind.Fraction, SortableDouble.Encode(kept))
            : new(ReadKind.Number, ShapeKind.Exact, SortableDouble.Encode(kept), Exact: SortableDouble.Encode(exact));
    }

    /// <summary>The number in the field's precision.</summary>
    public static double Kept(FieldType type, double exact) => type switch
    {
        FieldType.Float => (float)exact,
        FieldType.HalfFloat => (float)(Half)(float)exact,
        _ => exact == 0 ? 0.0 : exact,
    };
}
