using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Aggregations;

namespace DevOpsAgent.LogStore.Search;

/// <summary>What a search came to, before it is written.</summary>
internal sealed record SearchOutcome
{
    public required SearchRequest Request { get; init; }
    public IReadOnlyList<IndexView> Views { get; init; } = [];
    public IReadOnlyList<(string Index, DslException Error)> Failures { get; init; } = [];
    public long Total { get; init; }

    /// <summary>eq, or gte where counting stopped.</summary>
    public string Relation { get; init; } = "eq";
    public IReadOnlyList<Hit> Hits { get; init; } = [];
    public HitCollector? Collector { get; init; }
    public IReadOnlyList<NamedResult> Aggregations { get; init; } = [];
    public IReadOnlyDictionary<IndexView, IReadOnlyList<(string Name, Weight Weight)>> Named { get; init; } = HitsJson.Unnamed;
    public bool? TerminatedEarly { get; init; }

    /// <summary>Indexes that Elasticsearch would have left out before searching.</summary>
    public int Skipped { get; init; }
}

/// <summary>Runs searches over indexes. An index that can't answer fails alone; where all fail, the search does.</summary>
internal static class Searcher
{
    /// <summary>Elasticsearch's own bound (index.max_result_window).</summary>
    public const int MaxWindow = 10_000;

    public static SearchOutcome Run(IReadOnlyList<IndexView> views, SearchRequest request, long now, int bucketLimit = AggregationScope.MaxBuckets, int window = MaxWindow)
    {
        AggregationCheck.Paths(request.Aggregations, null);
        var failures = new List<(string, DslException)>();
        var alive = new List<IndexView>();
        var queries = new Dictionary<IndexView, Weight>();
        var named = new Dictionary<IndexView, IReadOnlyList<(string, Weight)>>();
        var scores = NeedsScores(request);
        foreach (var view in views)
        {
            try
            {
                Check(view, request, now, window);
                var compiler = new QueryCompiler(view, now, scores);
                queries[view] = compiler.Compile(request.Query ?? new MatchAllQuery(), BoostOf(view, request));
                named[view] = compiler.Named;
                alive.Add(view);
            }
            catch (DslException e) when (e.OnShard)
            {
                failures.Add((view.Index.Name, e));
            }
        }

        if (alive.Count == 0 && failures.Count > 0)
        {
            throw new SearchFailedException(failures, views.Count);
        }

        try
        {
            var outcome = Collect(alive, queries, request, now, bucketLimit);
            return outcome with { Views = views, Failures = failures, Named = named, Skipped = CanMatch.Skipped(views, request, now) };
        }
        catch (DslException e) when (e.OnShard && !e.OnReduce)
        {
            throw new SearchFailedException([.. failures, .. alive.Select(v => (v.Index.Name, e))], views.Count);
        }
    }

    /// <summary>The first pattern of indices_boost that names the index.</summary>
    private static float BoostOf(IndexView view, SearchRequest request)
    {
        foreach (var (index, boost) in request.IndexBoosts)
        {
            if (NamePattern.IsMatch(index, view.Index.Name))
            {
                return boost;
            }
        }

        return 1f;
    }

    private static bool NeedsScores(SearchRequest request) =>
        (request.Size > 0 && (request.Sort.Count == 0 || request.Sort.Any(static s => s.IsScore) || request.TrackScores)) || request.MinScore is not null || Wants(request.Aggregations);

    private static bool Wants(IReadOnlyList<AggregationNode> nodes) =>
        nodes.Any(static n => n.Body is SamplerAggregation || (n.Body is TopHitsAggregation top && (top.Search.Sort.Count == 0 || top.Search.Sort.Any(static s => s.IsScore))) || Wants(n.Subs));

    private static void Check(IndexView view, SearchRequest request, long now, int window)
    {
        if ((long)request.From + request.Size > window)
        {
            throw DslException.Shard("illegal_argument_exception", $"Result window is too large, from + size must be less than or equal to: [{MaxWindow}] but was [{(long)request.From + request.Size}]. See the scroll api for a more efficient way to request large data sets. This limit can be set by changing the [index.max_result_window] index level setting.");
        }

        if (request.SearchAfter is not null && request.From > 0)
        {
            throw DslException.Shard("illegal_argument_exception", "`from` parameter must be set to 0 when `search_after` is used.");
        }

        _ = new HitCollector([view], request with { Size = 0, From = 0 }, now, new Dictionary<IndexView, Weight>());
        AggregationCheck.Fields(request.Aggregations, view);
        if (request.CollapseField is { } collapse)
        {
            Collapse.Check(view, collapse);
        }
    }

    private static SearchOutcome Collect(List<IndexView> views, Dictionary<IndexView, Weight> queries, SearchRequest request, long now, int bucketLimit)
    {
        var collector = new HitCollector(views, request, now, queries, request.CollapseField is null ? null : int.MaxValue);
        var matching = new List<ReadOnlyMemory<int>>();
        long total = 0;
        if (request is { TerminateAfter: > 0, Size: 0, Aggregations.Count: 0, Query: null or MatchAllQuery or TermQuery or RangeQuery or ExistsQuery })
        {
            // Elasticsearch reads such a count off its index without visiting documents, so nothing ends early.
            request = request with { TerminateAfter = 0 };
            return Collect(views, queries, request, now, bucketLimit) with { TerminatedEarly = false };
        }

        bool? early = request.TerminateAfter > 0 || (request.Size == 0 && request.TracksAll) ? false : null;
        foreach (var view in views)
        {
            var query = queries[view];
            var post = request.PostFilter is { } filter ? new QueryCompiler(view, now, scores: false).Compile(filter) : null;
            var alias = view.AliasFilter is { } own ? new QueryCompiler(view, now, scores: false).Compile(own) : null;
            long ofIndex = 0;
            for (var s = 0; s < view.Segments.Length; s++)
            {
                if (query is AllWeight && alias is null && post is null && request is { MinScore: null, TerminateAfter: 0 } && view.Frozen is null && view.Segments[s].Deleted is null)
                {
                    var everything = view.Segments[s].Everything();
                    matching.Add(everything);
                    total += everything.Length;
                    collector.Collect(view, s, everything);
                    continue;
                }

                var bits = view.Live(s).And(query.Matches(s));
                if (alias is not null)
                {
                    bits.And(alias.Matches(s));
                }

                var docs = MinScore(query, s, bits.ToDocs(), request.MinScore);
                if (request.TerminateAfter > 0 && ofIndex + docs.Length > request.TerminateAfter)
                {
                    docs = docs[..(int)(request.TerminateAfter - ofIndex)];
                    early = true;
                }

                ofIndex += docs.Length;
                matching.Add(docs);
                var hits = post is null ? docs : bits.And(post.Matches(s)).ToDocs();
                total += hits.Length;
                collector.Collect(view, s, hits);
            }
        }

        var scope = new AggregationScope(views, now, queries) { BucketLimit = bucketLimit, TypedKeys = request.TypedKeys };
        var aggregations = request.Aggregations.Count == 0 ? [] : new AggregationRunner(scope).RunAll(request.Aggregations, new([.. matching]));
        var most = request.TrackTotalHits;
        return new()
        {
            Request = request,
            Total = most > 0 && total > most ? most : total,
            Relation = most > 0 && total > most ? "gte" : "eq",
            Collector = collector,
            Hits = request.CollapseField is { } field ? Collapse.Best(collector.All(), field, request) : collector.Finish(),
            Aggregations = aggregations,
            TerminatedEarly = early,
        };
    }

    private static int[] MinScore(Weight query, int segment, int[] docs, float? least) =>
        least is { } bound ? Array.FindAll(docs, d => query.Score(segment, d) >= bound) : docs;

    /// <summary>Documents that a query finds in each index.</summary>
    public static (long Count, List<(string Index, DslException Error)> Failures) Count(IReadOnlyList<IndexView> views, QueryNode? query, long now, int terminateAfter = 0)
    {
        var outcome = Run(views, new() { Query = query, Size = 0, TrackTotalHits = -1, TerminateAfter = terminateAfter }, now);
        return (outcome.Total, [.. outcome.Failures]);
    }
}

/// <summary>No index could answer: Elasticsearch's "all shards failed".</summary>
internal sealed class SearchFailedException(IReadOnlyList<(string Index, DslException Error)> failures, int shards) : Exception("all shards failed")
{
    public IReadOnlyList<(string Index, DslException Error)> Failures => failures;

    public int Shards => shards;
}
