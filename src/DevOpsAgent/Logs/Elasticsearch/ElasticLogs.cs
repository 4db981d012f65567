using System.Text.Json;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.Logs.Elasticsearch;

/// <summary>Searches of one index pattern: as a target of checked queries, and as what detection reads.</summary>
internal sealed class ElasticLogs(ElasticClient client, string pattern, TimeProvider time) : ILogSearch
{
    /// <summary>Some installations have tens of thousands of fields; those of access logs come in their first thousands.</summary>
    private const int MostFields = 20_000;

    public string Pattern => pattern;

    public ElasticClient Client => client;

    private string Path => Uri.EscapeDataString(pattern).Replace("%2A", "*", StringComparison.Ordinal).Replace("%2C", ",", StringComparison.Ordinal);

    private const string Lenient = "ignore_unavailable=true&allow_no_indices=true";

    /// <summary>One search asks for the fields more than once, and a mapping seldom changes.</summary>
    private static readonly TimeSpan KeepFields = TimeSpan.FromMinutes(1);

    private (FieldCatalog Catalog, long At)? _fields;

    public async Task<FieldCatalog> FieldsAsync(CancellationToken cancellationToken)
    {
        if (_fields is { } known && time.GetElapsedTime(known.At) < KeepFields)
        {
            return known.Catalog;
        }

        var caps = await CapsAsync("*", cancellationToken);

        // A name with two types is treated as the more difficult one: text can't be grouped.
        var catalog = new FieldCatalog(caps.All.Take(MostFields).Select(static f => new KeyValuePair<string, string>(f.Name, f.Types.FirstOrDefault(static t => t.Name == "text")?.Name ?? f.Types[0].Name)));
        _fields = (catalog, time.GetTimestamp());
        return catalog;
    }

    /// <param name="fields">Names and patterns, comma between; they go into the URL as they are, since a server reads no more than 4 KiB of it.</param>
    public async Task<FieldCaps> CapsAsync(string fields, CancellationToken cancellationToken) =>
        FieldCaps.Read(await client.SendAsync(HttpMethod.Get, $"/{Path}/_field_caps?fields={fields}&{Lenient}", default, cancellationToken));

    public async Task<DateTimeOffset> NewestAsync(CancellationToken cancellationToken)
    {
        var fields = await FieldsAsync(cancellationToken);
        if (fields.TimeField is not { } field)
        {
            return time.GetUtcNow();
        }

        var found = await FindAsync(new() { Size = 0, TrackTotalHits = 0, Aggregations = [new("newest", new MetricAggregation("max", field), [], null)] }, cancellationToken);
        return found.Aggregation("newest").TryGetProperty("value", out var newest) && newest.ValueKind == JsonValueKind.Number ? DateTimeOffset.FromUnixTimeMilliseconds((long)newest.GetDouble()) : time.GetUtcNow();
    }

    public Task<(int Status, byte[] Body)> SearchAsync(CheckedQuery query, CancellationToken cancellationToken) =>
        client.PassAsync(HttpMethod.Post, $"/{Uri.EscapeDataString(query.Index).Replace("%2A", "*", StringComparison.Ordinal).Replace("%2C", ",", StringComparison.Ordinal)}/_search?{Lenient}", query.Body, cancellationToken);

    /// <summary>Searches the pattern, or the point in time that the request names. A result with gaps is an error.</summary>
    public async Task<SearchResult> FindAsync(SearchRequest request, CancellationToken cancellationToken) =>
        SearchResult.Of(await client.SendAsync(HttpMethod.Post, request.PitId is null ? $"/{Path}/_search?{Lenient}&allow_partial_search_results=false" : "/_search?allow_partial_search_results=false", SearchWriter.Write(request, timeout: "25s"), cancellationToken));

    /// <summary>A point in time, so that pages fit together. Null: this server or user has none, and pages are read without.</summary>
    public async Task<PointInTime?> OpenAsync(CancellationToken cancellationToken)
    {
        var product = await client.ProductAsync(cancellationToken);
        try
        {
            var answer = await client.SendAsync(HttpMethod.Post, product.IsOpenSearch ? $"/{Path}/_search/point_in_time?keep_alive=1m" : $"/{Path}/_pit?keep_alive=1m&ignore_unavailable=true", default, cancellationToken);
            return answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty(product.IsOpenSearch ? "pit_id" : "id", out var id) && id.ValueKind == JsonValueKind.String
                ? new(client, id.GetString()!, product.IsOpenSearch) : null;
        }
        catch (ElasticException e) when (e.Fault is ElasticFault.Refused or ElasticFault.NotFound or ElasticFault.Forbidden)
        {
            return null;
        }
    }
}
