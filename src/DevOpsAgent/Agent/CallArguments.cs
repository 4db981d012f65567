using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DevOpsAgent.Agent;

/// <summary>The arguments of a model's call as JSON. They come as whatever an adapter made of them; nothing is read by reflection.</summary>
internal static class CallArguments
{
    /// <summary>More than any query needs.</summary>
    public const int MaxBytes = 128 * 1024;

    private const int MaxDepth = 64;

    /// <summary>False: too large, too deep, or of a type that is none of JSON's.</summary>
    public static bool TryRead(IDictionary<string, object?>? arguments, out JsonElement element)
    {
        element = default;
        try
        {
            var buffer = new ArrayBufferWriter<byte>(256);
            using (var writer = new Utf8JsonWriter(buffer, new() { MaxDepth = MaxDepth }))
            {
                Write(writer, arguments ?? new Dictionary<string, object?>(StringComparer.Ordinal), 0);
            }

            if (buffer.WrittenCount > MaxBytes)
            {
                return false;
            }

            var reader = new Utf8JsonReader(buffer.WrittenSpan, new JsonReaderOptions { MaxDepth = MaxDepth });
            element = JsonElement.ParseValue(ref reader);
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException or FormatException or NotSupportedException)
        {
            return false;
        }
    }

    /// <summary>Never throws.</summary>
    public static string Text(IDictionary<string, object?>? arguments) => TryRead(arguments, out var element) ? element.GetRawText() : "{}";

    private static void Write(Utf8JsonWriter writer, object? value, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new InvalidOperationException("too deep");
        }

        switch (value)
        {
            case null: writer.WriteNullValue(); break;
            case JsonElement element: element.WriteTo(writer); break;
            case JsonNode node: node.WriteTo(writer); break;
            case string text: writer.WriteStringValue(Whole(text)); break;
            case bool flag: writer.WriteBooleanValue(flag); break;
            case int or long or short or byte: writer.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture)); break;
            case float or double or decimal: writer.WriteNumberValue(Convert.ToDecimal(value, CultureInfo.InvariantCulture)); break;
            case IDictionary<string, object?> map:
                writer.WriteStartObject();
                foreach (var (key, inner) in map)
                {
                    writer.WritePropertyName(Whole(key));
                    Write(writer, inner, depth + 1);
                }

                writer.WriteEndObject();
                break;
            case System.Collections.IEnumerable list:
                writer.WriteStartArray();
                foreach (var item in list)
                {
                    Write(writer, item, depth + 1);
                }

                writer.WriteEndArray();
                break;
            default:
                throw new NotSupportedException();
        }
    }

    /// <summary>Half a surrogate pair is no text: it becomes the replacement character.</summary>
    private static string Whole(string text) => text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) : text;
}
