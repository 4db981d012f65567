using System.Text.Json;
using DevOpsAgent.Addresses;
using DevOpsAgent.Detection.Pushdown;
using DevOpsAgent.Logs.Elasticsearch;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.Service.Elasticsearch;

/// <summary>
/// Asks, with one aggregation per rule, which clients have reached what the rule needs at least. Elasticsearch counts and
/// drops the rest, so the answer's length depends on how many there are of those, and on nothing else.
/// </summary>
internal sealed class CandidateSearch(ElasticLogs logs, ClientGroups groups)
{
    /// <summary>Groups per answer; where there are more, all are paged through.</summary>
    public const int Page = 1000;

    private readonly Dictionary<ClientAddress, long> _counts = [];

    /// <summary>The keys that the clients' groups had, as Elasticsearch spells them.</summary>
    public HashSet<string> Keys { get; } = new(StringComparer.Ordinal);

    /// <param name="from">Milliseconds, inclusive; the rule's time is added before it, but not before <paramref name="floor"/>.</param>
    /// <param name="to">Exclusive.</param>
    /// <returns>The clients, busiest first.</returns>
    public async Task<IReadOnlyList<ClientAddress>> RunAsync(IReadOnlyList<RuleProbe> probes, long floor, long from, long to, CancellationToken cancellationToken)
    {
        var found = new Dictionary<ClientAddress, long>();
        foreach (var probe in probes)
        {
            var start = Math.Max(floor, from - (long)probe.Within.TotalMilliseconds);
            foreach (var group in groups.All)
            {
                _counts.Clear();
                if (group.IsSpread || !await TryCountAsync(probe, group, start, to, cancellationToken))
                {
                    _counts.Clear();
                    await PageThroughAsync(probe, group, start, to, cancellationToken);
                }

                foreach (var (client, count) in _counts.Where(c => c.Value >= probe.AtLeast))
                {
                    found[client] = Math.Max(found.GetValueOrDefault(client), count);
                }
            }
        }

        return [.. found.OrderByDescending(static f => f.Value).Select(static f => f.Key)];
    }

    private SearchRequest Request(RuleProbe probe, ClientGroup group, long start, long to, AggregationNode groupBy)
    {
        var filters = new List<QueryNode> { Times(groups.Fields, start, to) };
        if (probe.Filter is { } filter)
        {
            filters.Add(filter);
        }

        return new()
        {
            Size = 0,
            TrackTotalHits = 0,
            Query = new BoolQuery { Filter = filters, MustNot = group.Without is { } without ? [new ExistsQuery(without)] : [] },
            Aggregations = [groupBy],
        };
    }

    public static RangeQuery Times(EventFields fields, long from, long to) =>
        new(fields.Time.Name) { From = Literal.Of(from), To = Literal.Of(to), IncludeTo = false, Format = "epoch_millis" };

    /// <summary>The groups that reach the count, busiest first. False: there may be more than came back, or their counts may be short.</summary>
    private async Task<bool> TryCountAsync(RuleProbe probe, ClientGroup group, long start, long to, CancellationToken cancellationToken)
    {
        AggregationNode[] distinct = probe is { IsDistinct: true, AtLeast: > 1 }
            ? [new("paths", new MetricAggregation("cardinality", groups.Fields.Path.Name), [], null), new("unseen", new MissingAggregation(groups.Fields.Path.Name), [], null)] : [];
        var terms = new TermsAggregation(group.Field) { Size = Page, MinDocCount = probe.AtLeast, Order = [new("_count", false)] };
        var answer = (await logs.FindAsync(Request(probe, group, start, to, new("clients", terms, distinct, null)), cancellationToken)).Aggregation("clients");
        var buckets = Buckets(answer);
        if (buckets.Count >= Page || SearchResult.Number(answer, "doc_count_error_upper_bound") > 0)
        {
            return false;
        }

        foreach (var bucket in buckets)
        {
            // Different spellings are at least as many as different paths. HyperLogLog is exact to a few parts in a thousand here.
            if (distinct.Length == 0 || Value(bucket, "paths") * 1.05 + Value(bucket, "unseen") >= probe.AtLeast)
            {
                Take(bucket.TryGetProperty("key_as_string", out var text) ? text : bucket.GetProperty("key"), SearchResult.Number(bucket, "doc_count"));
            }
        }

        return true;
    }

    /// <summary>All groups, whatever their count: exact over any number of shards.</summary>
    private async Task PageThroughAsync(RuleProbe probe, ClientGroup group, long start, long to, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, Literal>? after = null;
        do
        {
            var composite = new CompositeAggregation([new("client", "terms", group.Field)]) { Size = Page, After = after };
            var answer = (await logs.FindAsync(Request(probe, group, start, to, new("clients", composite, [], null)), cancellationToken)).Aggregation("clients");
            foreach (var bucket in Buckets(answer))
            {
                if (bucket.TryGetProperty("key", out var key) && key.ValueKind == JsonValueKind.Object && key.TryGetProperty("client", out var client))
                {
                    Take(client, SearchResult.Number(bucket, "doc_count"));
                }
            }

            after = answer.TryGetProperty("after_key", out var last) && last.ValueKind == JsonValueKind.Object && last.TryGetProperty("client", out var value) && value.ValueKind == JsonValueKind.String
                ? new Dictionary<string, Literal>(StringComparer.Ordinal) { ["client"] = Literal.Of(value.GetString()!) } : null;
        }
        while (after is not null);
    }

    private static IReadOnlyList<JsonElement> Buckets(JsonElement answer) => answer.TryGetProperty("buckets", out var buckets) && buckets.ValueKind == JsonValueKind.Array ? [.. buckets.EnumerateArray().Where(static b => b.ValueKind == JsonValueKind.Object)]
        : throw new ElasticException(ElasticFault.Garbage, "The answer lacks the buckets that were asked for.") { Status = 200 };

    private static double Value(JsonElement bucket, string name) => bucket.TryGetProperty(name, out var at) && at.ValueKind == JsonValueKind.Object ? SearchResult.Number(at, "value") + SearchResult.Number(at, "doc_count") : double.MaxValue / 2;

    private void Take(JsonElement key, long count)
    {
        if (key.ValueKind == JsonValueKind.String && key.GetString() is { Length: <= 2000 } text && groups.TryClient(text, out var client))
        {
            Keys.Add(text);
            _counts[client] = _counts.GetValueOrDefault(client) + count;
        }
    }
}
