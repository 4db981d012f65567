using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Columns;
using DevOpsAgent.LogStore.Mapping;
using DevOpsAgent.LogStore.Search;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>One segment of one index of a search.</summary>
internal readonly record struct SegmentRef(IndexView View, int Number, Segment Segment);

/// <summary>Documents per segment of the scope, in order.</summary>
internal sealed record DocSet(ReadOnlyMemory<int>[] Docs)
{
    public long Count { get; } = Docs.Sum(static d => (long)d.Length);
}

/// <summary>What aggregations of one search share: its segments, the clock, and the count of buckets so far.</summary>
internal sealed class AggregationScope
{
    /// <summary>Elasticsearch's own bound (search.max_buckets).</summary>
    public const int MaxBuckets = 65_536;

    private readonly Dictionary<(string Field, IndexView View), Weight> _filters = [];
    private int _buckets;

    public AggregationScope(IReadOnlyList<IndexView> views, long now, IReadOnlyDictionary<IndexView, Weight> queries)
    {
        Views = views;
        Now = now;
        Queries = queries;
        Segments = [.. views.SelectMany(static v => v.Segments.Select((s, i) => new SegmentRef(v, i, s)))];
    }

    public IReadOnlyList<IndexView> Views { get; }

    public SegmentRef[] Segments { get; }

    public long Now { get; }

    /// <summary>The search's own query per index: top_hits and sampler ask it for scores.</summary>
    public IReadOnlyDictionary<IndexView, Weight> Queries { get; }

    /// <summary>Names of results carry their types.</summary>
    public bool TypedKeys { get; init; }

    public NamedResult Named(AggregationNode node, AggregationResult result) =>
        TypedKeys ? new(node, result) { Name = $"{TypeName.Of(node.Body, this)}#{node.Name}" } : new(node, result);

    public int BucketLimit { get; init; } = MaxBuckets;

    public void Bucket(int count = 1)
    {
        _buckets += count;
        if (_buckets > BucketLimit)
        {
            throw new DslException("too_many_buckets_exception", $"Trying to create too many buckets. Must be less than or equal to: [{BucketLimit}] but this number of buckets was exceeded. This limit can be set by changing the [search.max_buckets] cluster level setting.") { OnReduce = true };
        }
    }

    /// <summary>The field as the first index that has it maps it.</summary>
    public FieldMapping? Field(string name) => Views.Select(v => v.Find(name)).FirstOrDefault(static f => f is not null);

    public NumberColumn? Numbers(int segment, string field) =>
        Segments[segment] is var s && s.View.Find(field) is { } mapping && !mapping.Type.IsText() ? s.Segment.FindNumbers(mapping.Source) : null;

    public FieldTerms Terms(string field) => FieldTerms.Of(this, field);

    public DocSet Filter(DocSet docs, QueryNode query)
    {
        var kept = new ReadOnlyMemory<int>[docs.Docs.Length];
        var weights = Views.ToDictionary(static v => v, v => new QueryCompiler(v, Now, scores: false).Compile(query));
        for (var s = 0; s < kept.Length; s++)
        {
            var matches = weights[Segments[s].View].Matches(Segments[s].Number);
            kept[s] = Kept(docs.Docs[s].Span, matches);
        }

        return new(kept);
    }

    private static int[] Kept(ReadOnlySpan<int> docs, Bits matches)
    {
        var kept = new int[docs.Length];
        var count = 0;
        foreach (var doc in docs)
        {
            kept[count] = doc;
            count += matches[doc] ? 1 : 0;
        }

        return kept.AsSpan(0, count).ToArray();
    }

    public DocSet Where(DocSet docs, Func<int, int, bool> isWanted)
    {
        var kept = new ReadOnlyMemory<int>[docs.Docs.Length];
        var found = new List<int>();
        for (var s = 0; s < kept.Length; s++)
        {
            found.Clear();
            foreach (var doc in docs.Docs[s].Span)
            {
                if (isWanted(s, doc))
                {
                    found.Add(doc);
                }
            }

            kept[s] = found.ToArray();
        }

        return new(kept);
    }

    /// <summary>Whether a document has any value of the field.</summary>
    public Func<int, int, bool> Has(string field)
    {
        var bits = new Bits?[Segments.Length];
        return (s, doc) => (bits[s] ??= Segments[s].View.Find(field) is { } mapping ? Scan.Any(Segments[s].Segment, mapping) : new(Segments[s].Segment.Count))[doc];
    }

    /// <summary>All documents that are there, whatever the query.</summary>
    public DocSet All() => new([.. Segments.Select(s =>
    {
        var live = s.View.Live(s.Number);
        if (s.View.AliasFilter is { } filter)
        {
            live.And(AliasFilter(s.View, filter).Matches(s.Number));
        }

        return (ReadOnlyMemory<int>)live.ToDocs();
    })]);

    private Weight AliasFilter(IndexView view, QueryNode filter)
    {
        if (!_filters.TryGetValue(("alias", view), out var weight))
        {
            _filters[("alias", view)] = weight = new QueryCompiler(view, Now, scores: false).Compile(filter);
        }

        return weight;
    }
}
