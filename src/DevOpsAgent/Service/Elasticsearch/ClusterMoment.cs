using System.Text.Json;
using DevOpsAgent.Logs;
using DevOpsAgent.Logs.Elasticsearch;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.Service.Elasticsearch;

/// <summary>What the cluster says of time, and what its newest events look like. One small query.</summary>
/// <param name="Now">The cluster's own clock, milliseconds; null: it doesn't tell.</param>
/// <param name="Newest">Time of the newest event, milliseconds; null: there is none.</param>
/// <param name="Counted">Events of the interval that was asked for.</param>
/// <param name="Sampled">Newest events that came back.</param>
/// <param name="Readable">Those of them that are requests.</param>
internal sealed record ClusterMoment(long? Now, long? Newest, long Counted, ClientGroups Groups, int Sampled, int Readable)
{
    /// <summary>Newest events looked at, to learn what stands before Traefik.</summary>
    private const int Sample = 20;

    public static async Task<ClusterMoment> AskAsync(ElasticLogs logs, ClientGroups groups, (long From, long To) interval, CancellationToken cancellationToken)
    {
        var time = groups.Fields.Time.Name;
        var found = await logs.FindAsync(new()
        {
            Size = Sample,
            TrackTotalHits = 0,
            Sort = [new(time, true) { UnmappedType = "date" }],
            Source = new(true, groups.Fields.Sources, []),
            Aggregations =
            [
                // Its "from" comes back as a number: the clock of the node that answers.
                new("clock", new RangeAggregation("date_range", time, [new(null, Literal.Of("now"), null, null)]), [], null),
                new("newest", new MetricAggregation("max", time), [], null),
                new("interval", new FilterAggregation(CandidateSearch.Times(groups.Fields, interval.From, interval.To)), [], null),
            ],
        }, cancellationToken);
        if (found.Shards == 0)
        {
            throw new ElasticException(ElasticFault.NotFound, $"No index matches [{logs.Pattern}]: correct elasticsearch.index_pattern, or wait until the first log arrives.");
        }

        (groups, var readable) = Learn(found.Hits, groups);
        var clock = found.Aggregation("clock");
        return new(
            clock.TryGetProperty("buckets", out var buckets) && buckets.ValueKind == JsonValueKind.Array && buckets.GetArrayLength() > 0 && buckets[0].TryGetProperty("from", out var now) && now.ValueKind == JsonValueKind.Number ? (long)now.GetDouble() : null,
            found.Aggregation("newest").TryGetProperty("value", out var newest) && newest.ValueKind == JsonValueKind.Number ? (long)newest.GetDouble() : null,
            SearchResult.Number(found.Aggregation("interval"), "doc_count"), groups, found.Hits.Count, readable);
    }

    private static (ClientGroups Groups, int Readable) Learn(IReadOnlyList<JsonElement> hits, ClientGroups groups)
    {
        var line = new EventLine(groups.Fields);
        var parser = new LineParser(groups.Resolver);
        var readable = 0;
        foreach (var hit in hits)
        {
            if (hit.TryGetProperty("_source", out var source) && line.TryWrite(source, out var text) && parser.TryParse(text, out var e, out _))
            {
                readable++;
                groups = groups.Learn(e) ?? groups;
            }
        }

        return (groups, readable);
    }
}
