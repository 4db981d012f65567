using System.Text.Json;
using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>
/// Looking into objects whose form nobody vouches for: what isn't there or is of another type is null or empty, never an exception.
/// Keys are found in any case where the exact one is absent, as Traefik reads its own files.
/// </summary>
internal static class JsonFields
{
    public static JsonNode? At(this JsonNode? node, string key)
    {
        if (node is not JsonObject map)
        {
            return null;
        }

        if (map.TryGetPropertyValue(key, out var exact))
        {
            return exact;
        }

        foreach (var (name, value) in map.OrderBy(static e => e.Key, StringComparer.Ordinal))
        {
            if (string.Equals(name, key, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        return null;
    }

    public static JsonNode? At(this JsonNode? node, string first, string second, params ReadOnlySpan<string> more)
    {
        node = node.At(first).At(second);
        foreach (var key in more)
        {
            node = node.At(key);
        }

        return node;
    }

    /// <summary>A string, number or boolean as text; null for everything else.</summary>
    public static string? Text(this JsonNode? node) => node is not JsonValue value ? null
        : value.TryGetValue<string>(out var text) ? text
        : value.GetValueKind() is JsonValueKind.Null ? null
        : value.ToJsonString();

    public static bool IsTrue(this JsonNode? node) => string.Equals(node.Text(), "true", StringComparison.OrdinalIgnoreCase);

    public static long? Number(this JsonNode? node) =>
        long.TryParse(node.Text(), System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : null;

    public static IReadOnlyList<JsonNode?> Items(this JsonNode? node) => node is JsonArray list ? [.. list] : [];

    /// <summary>The texts of a list; of a single text, that one.</summary>
    public static IReadOnlyList<string> Texts(this JsonNode? node) =>
        node is JsonArray list ? [.. list.Select(static i => i.Text()).OfType<string>()]
        : node.Text() is { } one ? [one]
        : [];

    /// <summary>The entries of a map, by key: the order in which an API server or a person wrote them must not matter.</summary>
    public static IReadOnlyList<KeyValuePair<string, JsonNode?>> Entries(this JsonNode? node) =>
        node is JsonObject map ? [.. map.OrderBy(static e => e.Key, StringComparer.Ordinal)] : [];

    /// <summary>A map of texts, as labels and annotations are.</summary>
    public static IReadOnlyDictionary<string, string> TextMap(this JsonNode? node) =>
        node.Entries().Where(static e => e.Value.Text() is not null).ToDictionary(static e => e.Key, static e => e.Value.Text()!, StringComparer.Ordinal);
}
