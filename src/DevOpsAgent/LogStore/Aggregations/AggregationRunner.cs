using System.Text.Json;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Search;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>
/// Runs a tree of aggregations over documents: each makes its buckets, then those below run on each bucket's documents.
/// There are no shards to merge, so every count is exact.
/// </summary>
internal sealed class AggregationRunner
{
    private readonly AggregationScope _scope;

    public AggregationRunner(AggregationScope scope) => _scope = scope;

    public AggregationScope Scope => _scope;

    public List<NamedResult> RunAll(IReadOnlyList<AggregationNode> nodes, DocSet docs)
    {
        var results = new List<NamedResult>();
        foreach (var node in nodes.Where(static n => !n.Body.IsPipeline))
        {
            results.Add(_scope.Named(node, Run(node, docs)));
        }

        foreach (var node in nodes.Where(static n => n.Body is PipelineAggregation { Kind: not ("cumulative_sum" or "derivative" or "serial_diff") }))
        {
            results.Add(_scope.Named(node, Siblings.Run((PipelineAggregation)node.Body, results)));
        }

        return results;
    }

    public AggregationResult Run(AggregationNode node, DocSet docs)
    {
        var result = node.Body switch
        {
            TermsAggregation a => new TermsRun(this, node, docs).Run(a),
            RareTermsAggregation a => new TermsRun(this, node, docs).Rare(a),
            SignificantTermsAggregation a => new TermsRun(this, node, docs).Significant(a),
            MultiTermsAggregation a => new MultiTermsRun(this, node).Run(a, docs),
            CompositeAggregation a => new CompositeRun(this, node).Run(a, docs),
            DateHistogramAggregation a => new HistogramRun(this, node).Run(a, docs),
            HistogramAggregation a => new HistogramRun(this, node).Run(a, docs),
            RangeAggregation a => new RangeRun(this, node).Run(a, docs),
            IpPrefixAggregation a => new IpPrefixRun(this, node).Run(a, docs),
            FilterAggregation a => Single(node, _scope.Filter(docs, a.Filter)),
            MissingAggregation a => Single(node, Missing(a, docs)),
            GlobalAggregation => Single(node, _scope.All()),
            SamplerAggregation a => Single(node, Sample(a, docs)),
            FiltersAggregation a => Filters(node, a, docs),
            MetricAggregation a => Metrics.Run(_scope, a, docs),
            PercentilesAggregation a => Percentiles.Run(_scope, a, docs),
            WeightedAverageAggregation a => Metrics.WeightedAverage(_scope, a, docs),
            TopHitsAggregation a => TopHits(a, docs),
            _ => throw DslException.NotSupported(node.Body.Kind),
        };
        if (result is BucketsResult buckets)
        {
            Pipelines.Run(_scope, node, buckets);
        }

        return result;
    }

    private SingleResult Single(AggregationNode node, DocSet docs) => new(docs.Count, RunAll(node.Subs, docs));

    private DocSet Missing(MissingAggregation missing, DocSet docs)
    {
        var has = _scope.Has(missing.Field);
        return _scope.Where(docs, (s, d) => !has(s, d));
    }

    /// <summary>The best documents of each index, in the order of their scores.</summary>
    private DocSet Sample(SamplerAggregation sampler, DocSet docs)
    {
        var kept = docs.Docs.Select(static _ => new List<int>()).ToArray();
        foreach (var view in _scope.Views)
        {
            var query = _scope.Queries[view];
            var best = Enumerable.Range(0, _scope.Segments.Length).Where(s => _scope.Segments[s].View == view)
                .SelectMany(s => docs.Docs[s].ToArray().Select(d => (Segment: s, Doc: d, Score: query.Score(_scope.Segments[s].Number, d))))
                .OrderByDescending(static h => h.Score).Take(sampler.ShardSize);
            foreach (var hit in best)
            {
                kept[hit.Segment].Add(hit.Doc);
            }
        }

        return new([.. kept.Select(static k => k.Order().ToArray())]);
    }

    private BucketsResult Filters(AggregationNode node, FiltersAggregation filters, DocSet docs)
    {
        var buckets = new List<Bucket>();
        var seen = filters.OtherKey is null ? null : docs.Docs.Select((d, s) => new Columns.Bits(_scope.Segments[s].Segment.Count)).ToArray();
        foreach (var (key, filter) in filters.Filters)
        {
            var matching = _scope.Filter(docs, filter);
            for (var s = 0; seen is not null && s < seen.Length; s++)
            {
                foreach (var doc in matching.Docs[s].Span)
                {
                    seen[s].Set(doc);
                }
            }

            buckets.Add(Make(node, key, matching));
        }

        if (seen is not null)
        {
            buckets.Add(Make(node, filters.OtherKey, _scope.Where(docs, (s, d) => !seen[s][d])));
        }

        return new(buckets) { Keyed = filters.Keyed };
    }

    private Bucket Make(AggregationNode node, string? name, DocSet docs)
    {
        _scope.Bucket();
        return new() { Name = name, DocCount = docs.Count, Subs = RunAll(node.Subs, docs) };
    }

    private WrittenResult TopHits(TopHitsAggregation top, DocSet docs)
    {
        var request = top.Search;
        var collector = new HitCollector(_scope.Views, request, _scope.Now, _scope.Queries);
        for (var s = 0; s < docs.Docs.Length; s++)
        {
            collector.Collect(_scope.Segments[s].View, _scope.Segments[s].Number, docs.Docs[s].Span);
        }

        var hits = collector.Finish();
        var total = docs.Count;
        return new(json =>
        {
            json.WriteStartObject("hits");
            HitsJson.Total(json, total, "eq", asInt: false);
            HitsJson.Write(json, request, hits, collector, HitsJson.Unnamed);
            json.WriteEndObject();
        });
    }

    public static void WriteKeyNumber(Utf8JsonWriter json, double key)
    {
        json.WritePropertyName("key");
        NumberJson.Write(json, key);
    }
}
