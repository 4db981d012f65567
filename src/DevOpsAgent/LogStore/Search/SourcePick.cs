using System.Text.Json;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Search;

/// <summary>Writes the parts of a document that a source filter lets through.</summary>
internal static class SourcePick
{
    public static void Write(Utf8JsonWriter json, byte[] source, SourceFilter filter)
    {
        if (filter.IsWhole)
        {
            json.WriteRawValue(source, skipInputValidation: true);
            return;
        }

        using var document = JsonDocument.Parse(source);
        Object(json, document.RootElement, "", filter, filter.Includes.Count == 0);
    }

    private static void Object(Utf8JsonWriter json, JsonElement element, string prefix, SourceFilter filter, bool included)
    {
        json.WriteStartObject();
        foreach (var p in element.EnumerateObject())
        {
            var path = prefix + p.Name;
            if (filter.Excludes.Any(e => IsMatch(e, path)))
            {
                continue;
            }

            var isIn = included || filter.Includes.Any(i => IsMatch(i, path));
            if (p.Value.ValueKind == JsonValueKind.Object)
            {
                if (isIn || Contains(p.Value, path + ".", filter))
                {
                    json.WritePropertyName(p.Name);
                    if (isIn && filter.Excludes.Count == 0)
                    {
                        p.Value.WriteTo(json);
                    }
                    else
                    {
                        Object(json, p.Value, path + ".", filter, isIn);
                    }
                }
            }
            else if (p.Value.ValueKind == JsonValueKind.Array && p.Value.EnumerateArray().Any(static e => e.ValueKind == JsonValueKind.Object))
            {
                Array(json, p, path, filter, isIn);
            }
            else if (isIn)
            {
                p.WriteTo(json);
            }
        }

        json.WriteEndObject();
    }

    private static void Array(Utf8JsonWriter json, JsonProperty property, string path, SourceFilter filter, bool isIn)
    {
        var items = property.Value.EnumerateArray().Where(e => isIn || (e.ValueKind == JsonValueKind.Object && Contains(e, path + ".", filter))).ToList();
        if (items.Count == 0)
        {
            return;
        }

        json.WriteStartArray(property.Name);
        foreach (var item in items)
        {
            if (item.ValueKind == JsonValueKind.Object)
            {
                Object(json, item, path + ".", filter, isIn);
            }
            else
            {
                item.WriteTo(json);
            }
        }

        json.WriteEndArray();
    }

    private static bool Contains(JsonElement element, string prefix, SourceFilter filter) =>
        element.EnumerateObject().Any(p => prefix + p.Name is var path && !filter.Excludes.Any(e => IsMatch(e, path))
            && (filter.Includes.Any(i => IsMatch(i, path)) || (p.Value.ValueKind == JsonValueKind.Object && Contains(p.Value, path + ".", filter))
                || (p.Value.ValueKind == JsonValueKind.Array && p.Value.EnumerateArray().Any(e => e.ValueKind == JsonValueKind.Object && Contains(e, path + ".", filter)))));

    /// <summary>A pattern names a field, or an object with all in it.</summary>
    private static bool IsMatch(string pattern, string path) => NamePattern.IsMatch(pattern, path);
}
