using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace DevOpsAgent.Guards;

/// <summary>The parameters of one call as they are hashed, judged and kept: canonical JSON (keys sorted by ordinal, no white space).</summary>
/// <param name="Element">As the guards see them.</param>
/// <param name="Shown">Canonical, with secrets as "***".</param>
/// <param name="Hash">Of the canonical JSON before that, 64 hex: SHA-256, or keyed where there may be a secret.</param>
internal readonly record struct CallParameters(JsonElement Element, string Shown, string Hash)
{
    private const string Masked = "***";

    /// <summary>Of parameters that are not valid by the schema, at most so many are kept: they may be anything.</summary>
    private const int MaxInvalid = 20;

    /// <param name="keyedHash">Hashes parameters with a secret among them, which could be found from a plain hash by trying.</param>
    public static CallParameters Of<TRequest>(Tool<TRequest> tool, TRequest request, Func<ReadOnlySpan<byte>, string> keyedHash)
        where TRequest : class
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            tool.Write(request, writer);
        }

        var reader = new Utf8JsonReader(buffer.WrittenSpan);
        var element = JsonElement.ParseValue(ref reader);
        var canonical = buffer.WrittenSpan;
        if (!IsSorted(element))
        {
            canonical = Write(element, static _ => false);
        }

        var schema = tool.Schema;
        return HasSecret(schema)
            ? new(element, Encoding.UTF8.GetString(Write(element, p => Find(schema, p) is not { Secret: false })), keyedHash(canonical))
            : new(element, Encoding.UTF8.GetString(canonical), Convert.ToHexStringLower(SHA256.HashData(canonical)));
    }

    /// <summary>Of a call by name that the schema refuses: what isn't known to be harmless is masked.</summary>
    public static CallParameters Invalid(ToolSchema? schema, JsonElement parameters, Func<ReadOnlySpan<byte>, string> keyedHash)
    {
        try
        {
            var hash = keyedHash(Encoding.UTF8.GetBytes(parameters.GetRawText()));
            var shown = parameters.ValueKind == JsonValueKind.Object && schema is not null && parameters.GetPropertyCount() <= MaxInvalid
                ? Encoding.UTF8.GetString(Write(parameters, p => Find(schema, p) is not { Secret: false } || p.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array || p.Value.GetRawText().Length > 500))
                : "{}";
            return new(parameters, shown, hash);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            return new(parameters, "{}", keyedHash([]));
        }
    }

    private static bool HasSecret(ToolSchema schema)
    {
        for (var i = 0; i < schema.Fields.Count; i++)
        {
            if (schema.Fields[i].Secret)
            {
                return true;
            }
        }

        return false;
    }

    private static ToolField? Find(ToolSchema schema, JsonProperty property) => schema.Fields.FirstOrDefault(f => property.NameEquals(f.Name));

    private static bool IsSorted(JsonElement element)
    {
        var last = "";
        foreach (var property in element.EnumerateObject())
        {
            var name = property.Name;
            if (string.CompareOrdinal(last, name) >= 0)
            {
                return false;
            }

            last = name;
        }

        return true;
    }

    private static ReadOnlySpan<byte> Write(JsonElement element, Func<JsonProperty, bool> mask)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var property in element.EnumerateObject().OrderBy(static p => p.Name, StringComparer.Ordinal))
            {
                if (mask(property))
                {
                    writer.WriteString(property.Name, Masked);
                }
                else
                {
                    property.WriteTo(writer);
                }
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan;
    }
}
