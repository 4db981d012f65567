using System.Globalization;
using System.Text.Json;

namespace DevOpsAgent.Logs.Elasticsearch;

/// <summary>Which product answers: Elasticsearch 7.17, 8, 9, OpenSearch 2, 3, or one that speaks as they do.</summary>
/// <param name="Major">0: not known.</param>
internal sealed record ElasticProduct(bool IsOpenSearch, int Major, string Version)
{
    public const string Json = "application/json";

    /// <summary>"/" may not be asked: what both products understand is used.</summary>
    public static ElasticProduct Unknown { get; } = new(false, 0, "unknown");

    /// <summary>Elasticsearch 9 is asked to behave as 8. Versions before 8 and OpenSearch refuse that content type.</summary>
    public string ContentType => !IsOpenSearch && Major >= 9 ? "application/vnd.elasticsearch+json;compatible-with=8" : Json;

    public string Name => (IsOpenSearch ? "OpenSearch " : Major == 0 ? "Elasticsearch (version not told) " : "Elasticsearch ") + (Major == 0 ? "" : Version);

    /// <summary>Reads the answer to GET /. Null: neither product.</summary>
    /// <param name="header">X-elastic-product; sent since 7.14.</param>
    public static ElasticProduct? Read(JsonElement root, string? header)
    {
        // {"version":{"distribution":"opensearch","number":"2.19.1",…},"tagline":"The OpenSearch Project: …"}
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("version", out var version) || version.ValueKind != JsonValueKind.Object
            || !version.TryGetProperty("number", out var number) || number.ValueKind != JsonValueKind.String)
        {
            return header == "Elasticsearch" ? Unknown : null;
        }

        var text = number.GetString()!;
        var open = version.TryGetProperty("distribution", out var distribution) && distribution.ValueEquals("opensearch");
        return int.TryParse(text.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? new(open, major, text) : null;
    }
}
