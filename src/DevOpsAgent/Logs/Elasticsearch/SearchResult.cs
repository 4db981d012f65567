using System.Text.Json;

namespace DevOpsAgent.Logs.Elasticsearch;

/// <summary>The answer to a search that is whole: one with gaps never gets this far.</summary>
internal readonly record struct SearchResult(JsonElement Json)
{
    /// <exception cref="ElasticException">Fault Partial: shards failed, or it ran out of time. Garbage: it is no search's answer.</exception>
    public static SearchResult Of(JsonElement answer)
    {
        if (answer.ValueKind != JsonValueKind.Object || !answer.TryGetProperty("_shards", out var shards) || shards.ValueKind != JsonValueKind.Object || !answer.TryGetProperty("hits", out _))
        {
            throw new ElasticException(ElasticFault.Garbage, "The answer is JSON, but not that of a search: look whether a proxy stands in between.") { Status = 200 };
        }

        var failed = Number(shards, "failed");
        if (failed > 0)
        {
            var reason = shards.TryGetProperty("failures", out var failures) && failures.ValueKind == JsonValueKind.Array && failures.GetArrayLength() > 0 && failures[0].ValueKind == JsonValueKind.Object && failures[0].TryGetProperty("reason", out var why)
                ? ErrorText.Of(why).Reason : "";
            throw new ElasticException(ElasticFault.Partial, $"{failed} of {Number(shards, "total")} shards failed, so the result has gaps and is not used. {reason} Look at _cluster/health: a red index has shards that no node holds.") { Status = 200 };
        }

        if (answer.TryGetProperty("timed_out", out var late) && late.ValueKind == JsonValueKind.True)
        {
            throw new ElasticException(ElasticFault.Partial, "The search ran out of time, so the result has gaps and is not used.") { Status = 200 };
        }

        // Of a cross-cluster search: clusters that were left out.
        if (answer.TryGetProperty("_clusters", out var clusters) && clusters.ValueKind == JsonValueKind.Object && Number(clusters, "skipped") > 0)
        {
            throw new ElasticException(ElasticFault.Partial, $"{Number(clusters, "skipped")} remote clusters did not answer, so the result has gaps and is not used.") { Status = 200 };
        }

        return new(answer);
    }

    public IReadOnlyList<JsonElement> Hits => Json.GetProperty("hits").TryGetProperty("hits", out var hits) && hits.ValueKind == JsonValueKind.Array ? [.. hits.EnumerateArray()] : [];

    /// <summary>Shards that were asked: none, where no index matches the pattern.</summary>
    public long Shards => Number(Json.GetProperty("_shards"), "total");

    /// <summary>How many match: an object since version 7, a number before and where it is asked for so; -1: not counted.</summary>
    public long Total => Json.GetProperty("hits").TryGetProperty("total", out var total) ? total.ValueKind == JsonValueKind.Object ? Number(total, "value") : total.ValueKind == JsonValueKind.Number ? total.GetInt64() : -1 : -1;

    public JsonElement Aggregation(string name) => Json.TryGetProperty("aggregations", out var all) && all.ValueKind == JsonValueKind.Object && all.TryGetProperty(name, out var one) ? one
        : throw new ElasticException(ElasticFault.Garbage, $"The answer lacks the aggregation [{name}] that was asked for.") { Status = 200 };

    public static long Number(JsonElement at, string name) => at.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) ? (long)number : 0;
}
