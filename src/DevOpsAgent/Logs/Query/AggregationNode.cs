using System.Text.Json;

namespace DevOpsAgent.Logs.Query;

/// <summary>One named aggregation with those below it.</summary>
internal sealed record AggregationNode(string Name, AggregationBody Body, IReadOnlyList<AggregationNode> Subs, JsonElement? Meta);

/// <summary>What an aggregation computes.</summary>
internal abstract record AggregationBody(string Kind)
{
    /// <summary>Reads other aggregations' results instead of documents.</summary>
    public virtual bool IsPipeline => false;

    /// <summary>Has buckets, so others may stand below it.</summary>
    public virtual bool HasBuckets => false;
}

internal abstract record BucketAggregation(string Kind) : AggregationBody(Kind)
{
    public override bool HasBuckets => true;
}

internal sealed record TermsAggregation(string Field) : BucketAggregation("terms")
{
    public int Size { get; init; } = 10;

    /// <summary>Values that each shard gives of itself; as Elasticsearch suggests where the request doesn't say.</summary>
    public int ShardSize
    {
        get => field > 0 ? field : (int)Math.Min(int.MaxValue, (Size * 1.5) + 10);
        init;
    }

    public long MinDocCount { get; init; } = 1;
    public IReadOnlyList<BucketOrder> Order { get; init; } = [];
    public TermFilter? Filter { get; init; }
    public Literal? Missing { get; init; }
    public string? Format { get; init; }
    public bool ShowError { get; init; }
}

/// <summary>How buckets are sorted: <c>_count</c>, <c>_key</c>, or the path of a metric below.</summary>
internal readonly record struct BucketOrder(string Path, bool Ascending);

/// <summary>include and exclude: regular expressions, exact values, or one of n partitions.</summary>
internal sealed record TermFilter
{
    public string? IncludePattern { get; init; }
    public string? ExcludePattern { get; init; }
    public IReadOnlyList<Literal>? Include { get; init; }
    public IReadOnlyList<Literal>? Exclude { get; init; }
}

internal sealed record RareTermsAggregation(string Field) : BucketAggregation("rare_terms")
{
    public long MaxDocCount { get; init; } = 1;
    public TermFilter? Filter { get; init; }
}

/// <summary>Values that are more common among the hits than in the whole index.</summary>
internal sealed record SignificantTermsAggregation(string Field) : BucketAggregation("significant_terms")
{
    public int Size { get; init; } = 10;
    public long MinDocCount { get; init; } = 3;
    public QueryNode? Background { get; init; }
    public TermFilter? Filter { get; init; }
}

internal sealed record MultiTermsAggregation(IReadOnlyList<string> Fields) : BucketAggregation("multi_terms")
{
    public int Size { get; init; } = 10;
    public long MinDocCount { get; init; } = 1;
    public IReadOnlyList<BucketOrder> Order { get; init; } = [];
}

internal sealed record FilterAggregation(QueryNode Filter) : BucketAggregation("filter");

internal sealed record FiltersAggregation(IReadOnlyList<(string? Key, QueryNode Filter)> Filters) : BucketAggregation("filters")
{
    public bool Keyed { get; init; } = true;
    public string? OtherKey { get; init; }
}

internal sealed record MissingAggregation(string Field) : BucketAggregation("missing");

internal sealed record GlobalAggregation() : BucketAggregation("global");

internal sealed record SamplerAggregation(int ShardSize) : BucketAggregation("sampler");

internal sealed record DateHistogramAggregation(string Field) : BucketAggregation("date_histogram")
{
    public CalendarInterval? Calendar { get; init; }

    /// <summary>Milliseconds; 0 with a calendar interval.</summary>
    public long Fixed { get; init; }
    public string? TimeZone { get; init; }

    /// <summary>Milliseconds that bucket edges are shifted by.</summary>
    public long Offset { get; init; }
    public string? Format { get; init; }
    public bool Keyed { get; init; }
    public long MinDocCount { get; init; }
    public (Literal? Min, Literal? Max)? ExtendedBounds { get; init; }
    public (Literal? Min, Literal? Max)? HardBounds { get; init; }
    public Literal? Missing { get; init; }
    public IReadOnlyList<BucketOrder> Order { get; init; } = [new("_key", true)];
}

internal enum CalendarInterval : byte
{
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

internal sealed record AutoDateHistogramAggregation(string Field) : BucketAggregation("auto_date_histogram");

internal sealed record HistogramAggregation(string Field, double Interval) : BucketAggregation("histogram")
{
    public double Offset { get; init; }
    public long MinDocCount { get; init; }
    public bool Keyed { get; init; }
    public (double? Min, double? Max)? ExtendedBounds { get; init; }
    public (double? Min, double? Max)? HardBounds { get; init; }
    public Literal? Missing { get; init; }
    public IReadOnlyList<BucketOrder> Order { get; init; } = [new("_key", true)];
}

/// <summary>range, date_range and ip_range.</summary>
internal sealed record RangeAggregation(string Kind, string Field, IReadOnlyList<AggregationRange> Ranges) : BucketAggregation(Kind)
{
    public bool Keyed { get; init; }
    public string? Format { get; init; }
    public string? TimeZone { get; init; }
    public Literal? Missing { get; init; }
}

internal readonly record struct AggregationRange(string? Key, Literal? From, Literal? To, string? Mask);

internal sealed record IpPrefixAggregation(string Field, int PrefixLength) : BucketAggregation("ip_prefix")
{
    public bool IsIPv6 { get; init; }
    public bool AppendPrefixLength { get; init; }
    public bool Keyed { get; init; }
    public long MinDocCount { get; init; } = 1;
}

internal sealed record CompositeAggregation(IReadOnlyList<CompositeSource> Sources) : BucketAggregation("composite")
{
    public int Size { get; init; } = 10;

    /// <summary>The last key of the page before, by source name.</summary>
    public IReadOnlyDictionary<string, Literal>? After { get; init; }
}

/// <summary>One column of a composite key: the values of a field, or their bucket in a histogram.</summary>
internal sealed record CompositeSource(string Name, string Kind, string Field)
{
    public bool Descending { get; init; }
    public bool MissingBucket { get; init; }

    /// <summary>Where the missing bucket stands; null: first going up, last going down.</summary>
    public bool? MissingFirst { get; init; }
    public string? Format { get; init; }
    public double Interval { get; init; }
    public DateHistogramAggregation? Date { get; init; }
}

/// <summary>min, max, avg, sum, value_count, stats, extended_stats, median_absolute_deviation, cardinality.</summary>
internal sealed record MetricAggregation(string Kind, string Field) : AggregationBody(Kind)
{
    public Literal? Missing { get; init; }
    public double Sigma { get; init; } = 2;
    public string? Format { get; init; }
}

internal sealed record PercentilesAggregation(string Kind, string Field, IReadOnlyList<double> Values) : AggregationBody(Kind)
{
    public bool Keyed { get; init; } = true;
    public Literal? Missing { get; init; }
}

internal sealed record WeightedAverageAggregation(string ValueField, string WeightField) : AggregationBody("weighted_avg")
{
    public Literal? ValueMissing { get; init; }
    public Literal? WeightMissing { get; init; }
}

/// <summary>The best hits of each bucket.</summary>
internal sealed record TopHitsAggregation(SearchRequest Search) : AggregationBody("top_hits");

/// <summary>Computed from the buckets of a sibling (<c>avg_bucket</c>) or along a parent's buckets (<c>derivative</c>).</summary>
internal sealed record PipelineAggregation(string Kind, string Path) : AggregationBody(Kind)
{
    public override bool IsPipeline => true;
    public bool InsertZeros { get; init; }
    public IReadOnlyList<double> Percents { get; init; } = [1, 5, 25, 50, 75, 95, 99];
    public double Sigma { get; init; } = 2;
    public int Lag { get; init; } = 1;
    public bool Keyed { get; init; } = true;

    /// <summary>Milliseconds: derivatives are given per this unit as well.</summary>
    public long Unit { get; init; }
}

/// <summary>Sorts and cuts the buckets of its parent.</summary>
internal sealed record BucketSortAggregation(IReadOnlyList<BucketOrder> Sort, int From, int? Size) : AggregationBody("bucket_sort")
{
    public override bool IsPipeline => true;
    public bool InsertZeros { get; init; }
}
