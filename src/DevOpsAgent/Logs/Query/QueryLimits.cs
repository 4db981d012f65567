namespace DevOpsAgent.Logs.Query;

/// <summary>What one query of a model may cost. People's queries have wider ones.</summary>
internal sealed record QueryLimits
{
    /// <summary>For a language model: small answers, one day at a time.</summary>
    public static QueryLimits Model { get; } = new();

    /// <summary>For a person at the command line: wide, but no query may run away.</summary>
    public static QueryLimits Person { get; } = new() { MaxRows = 10_000, MaxWindow = 10_000, MaxBuckets = 65_536, MaxClauses = 1024, MaxValues = 10_000, MaxAggregations = 100, MaxAggregationDepth = 10, MaxPatterns = 100, MaxSpan = null, MaxBody = 1 << 20 };

    /// <summary>Bytes of the query's JSON.</summary>
    public int MaxBody { get; init; } = 64 * 1024;
    public int MaxRows { get; init; } = 100;

    /// <summary>from plus size.</summary>
    public int MaxWindow { get; init; } = 1000;
    public int MaxDepth { get; init; } = 12;

    /// <summary>Queries within the query.</summary>
    public int MaxClauses { get; init; } = 100;

    /// <summary>Values of one terms query.</summary>
    public int MaxValues { get; init; } = 1000;
    public int MaxAggregations { get; init; } = 20;
    public int MaxAggregationDepth { get; init; } = 4;

    /// <summary>Buckets that the aggregations may come to: the product of the sizes along each branch, all branches together.</summary>
    public long MaxBuckets { get; init; } = 10_000;

    /// <summary>Hits of a top_hits per bucket.</summary>
    public int MaxTopHits { get; init; } = 10;

    /// <summary>Wildcards, regular expressions and fuzzy terms together: each looks at every distinct value.</summary>
    public int MaxPatterns { get; init; } = 10;
    public int MaxPatternLength { get; init; } = 256;

    /// <summary>Length of a text that is analysed or parsed.</summary>
    public int MaxText { get; init; } = 2000;

    /// <summary>Longest time that one query may look at; null: any.</summary>
    public TimeSpan? MaxSpan { get; init; } = TimeSpan.FromDays(1);

    /// <summary>What Elasticsearch is told to stop after.</summary>
    public string Timeout { get; init; } = "10s";
}
