using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace DevOpsAgent.Tests.LogStore;

/// <summary>One request and what Elasticsearch answered. README of the recordings: values named normalised are placeholders.</summary>
internal sealed record RecordedPair(JsonElement Json)
{
    public string Name => Json.GetProperty("name").GetString()!;

    public string Group => Json.GetProperty("group").GetString()!;

    public string Method => Json.GetProperty("method").GetString()!;

    public string Path => Json.GetProperty("path").GetString()!;

    public int Status => Json.GetProperty("status").GetInt32();

    public JsonElement Response => Json.GetProperty("response");

    public string? ContentType => Json.TryGetProperty("content_type", out var type) ? type.GetString() : null;

    public IReadOnlyList<string> Approximate => Json.TryGetProperty("approximate", out var list) ? [.. list.EnumerateArray().Select(static e => e.GetString()!)] : [];

    public IReadOnlyList<JsonElement> Setup => Json.TryGetProperty("setup", out var list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()] : [];

    public static string Folder => System.IO.Path.Combine(AppContext.BaseDirectory, "Cases", "elasticsearch");

    /// <summary>In an order that can be played: what is opened is used, then closed.</summary>
    public static IReadOnlyList<RecordedPair> All() => [.. Lines("pairs.ndjson.gz").Select(static l => new RecordedPair(JsonDocument.Parse(l).RootElement))
        .OrderBy(static p => p.Name.EndsWith("-open", StringComparison.Ordinal) ? 0 : p.Name.EndsWith("-close", StringComparison.Ordinal) || p.Name.EndsWith("-clear", StringComparison.Ordinal) ? 2 : 1)];

    public static IEnumerable<string> Lines(string file)
    {
        using var stream = new GZipStream(File.OpenRead(System.IO.Path.Combine(Folder, file)), CompressionMode.Decompress);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }

    /// <summary>The request's body as it is sent: compact JSON, or the text itself.</summary>
    public static byte[] Body(JsonElement holder) => holder.TryGetProperty("request", out var request) ? request.ValueKind switch
    {
        JsonValueKind.Null => [],
        JsonValueKind.String => Encoding.UTF8.GetBytes(request.GetString()!),
        _ => Encoding.UTF8.GetBytes(request.GetRawText()),
    } : [];
}
