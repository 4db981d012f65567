using System.Globalization;
using System.Text.Json;

namespace DevOpsAgent.Logs.Query;

/// <summary>Reads values of a request the way Elasticsearch does: "3" is a number, "true" a boolean, one value stands for a list of one.</summary>
internal static class DslJson
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <summary>The first JSON value of a body.</summary>
    /// <exception cref="DslException">Not JSON, cut off, nested too deep, or a key twice.</exception>
    public static JsonElement Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            var where = $"[{((e.LineNumber ?? 0) + 1).ToString(CultureInfo.InvariantCulture)}:{((e.BytePositionInLine ?? 0) + 1).ToString(CultureInfo.InvariantCulture)}]";
            throw IsCut(body.Span)
                ? new DslException("x_content_e_o_f_exception", $"{where} Unexpected end of file")
                : DslException.Content($"{where} {e.Message}");
        }
    }

    public static string TokenName(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "START_OBJECT",
        JsonValueKind.Array => "START_ARRAY",
        JsonValueKind.String => "VALUE_STRING",
        JsonValueKind.Number => "VALUE_NUMBER",
        JsonValueKind.True or JsonValueKind.False => "VALUE_BOOLEAN",
        _ => "VALUE_NULL",
    };

    public static bool IsScalar(JsonElement value) => value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.Undefined);

    public static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        _ => throw new DslException("illegal_state_exception", $"Can't get text on a {TokenName(value)}", 500),
    };

    public static bool Flag(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => Flag(value.GetString()!),
        _ => throw DslException.Argument($"Failed to parse value [{value.GetRawText()}] as only [true] or [false] are allowed."),
    };

    public static bool Flag(string text) => text switch
    {
        "true" => true,
        "false" => false,
        _ => throw DslException.Argument($"Failed to parse value [{text}] as only [true] or [false] are allowed."),
    };

    public static int Int(JsonElement value)
    {
        if (value.ValueKind is not (JsonValueKind.Number or JsonValueKind.String))
        {
            throw new DslException("x_content_parse_exception", $"Current token ({TokenName(value)}) not numeric, can not use numeric value accessors");
        }

        var text = Text(value);
        return Int(text);
    }

    public static int Int(string text)
    {
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
        {
            return whole;
        }

        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var fraction))
        {
            throw new DslException("number_format_exception", $"For input string: \"{text}\"");
        }

        return fraction is >= int.MinValue and <= int.MaxValue
            ? fraction == Math.Floor(fraction) ? (int)fraction : throw DslException.Argument($"{text} cannot be converted to Integer without data loss")
            : throw DslException.Content($"Numeric value ({text}) out of range of int");
    }

    public static double Double(JsonElement value)
    {
        var text = value.ValueKind is JsonValueKind.Number or JsonValueKind.String
            ? Text(value)
            : throw DslException.Content($"Current token ({TokenName(value)}) not numeric, can not use numeric value accessors");
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : throw new DslException("number_format_exception", $"For input string: \"{text}\"");
    }

    /// <summary>A list of strings, or one string.</summary>
    public static IReadOnlyList<string> Texts(JsonElement value) => value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(Text)] : [Text(value)];

    /// <summary>Only opening and whole things so far: the rest is missing.</summary>
    private static bool IsCut(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = 64 }));
        try
        {
            while (reader.Read())
            {
            }

            return reader.CurrentDepth > 0 || reader.BytesConsumed < body.Length || body.Length == 0;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
