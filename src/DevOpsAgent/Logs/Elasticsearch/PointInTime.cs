using System.Text.Json;

namespace DevOpsAgent.Logs.Elasticsearch;

/// <summary>A state of the indexes that stands still while pages are read. Elasticsearch and OpenSearch have different paths for it.</summary>
internal sealed class PointInTime(ElasticClient client, string id, bool isOpenSearch) : IAsyncDisposable
{
    public string Id => id;

    public async ValueTask DisposeAsync()
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            if (isOpenSearch)
            {
                json.WriteStartArray("pit_id");
                json.WriteStringValue(id);
                json.WriteEndArray();
            }
            else
            {
                json.WriteString("id", id);
            }

            json.WriteEndObject();
        }

        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            await client.SendAsync(HttpMethod.Delete, isOpenSearch ? "/_search/point_in_time" : "/_pit", body.ToArray(), limit.Token);
        }
        catch (Exception e) when (e is ElasticException or OperationCanceledException)
        {
            // It ends by itself a minute after its last use.
        }
    }
}
