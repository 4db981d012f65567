using System.Text.Json;

namespace DevOpsAgent.Logs.Query;

/// <summary>The <c>aggs</c> of a request to our tree.</summary>
internal static partial class AggregationParser
{
    /// <summary>Levels of aggregations below each other.</summary>
    public const int MaxDepth = 12;

    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "significant_text", "nested", "reverse_nested", "children", "parent", "geo_distance", "geohash_grid", "geotile_grid", "geohex_grid", "geo_bounds", "geo_centroid", "geo_line",
        "adjacency_matrix", "diversified_sampler", "random_sampler", "variable_width_histogram", "scripted_metric", "top_metrics", "string_stats", "boxplot", "rate", "t_test", "matrix_stats",
        "bucket_script", "bucket_selector", "moving_fn", "moving_avg", "moving_percentiles", "normalize", "inference", "bucket_correlation", "bucket_count_ks_test", "change_point",
        "categorize_text", "frequent_item_sets", "time_series", "cartesian_bounds", "cartesian_centroid", "cumulative_cardinality", "auto_date_histogram",
    };

    public static IReadOnlyCollection<string> Supported { get; } =
    [
        "terms", "rare_terms", "significant_terms", "multi_terms", "filter", "filters", "missing", "global", "sampler", "date_histogram", "histogram", "range", "date_range", "ip_range", "ip_prefix", "composite",
        "min", "max", "avg", "sum", "value_count", "stats", "extended_stats", "cardinality", "percentiles", "percentile_ranks", "median_absolute_deviation", "weighted_avg", "top_hits",
        "avg_bucket", "max_bucket", "min_bucket", "sum_bucket", "stats_bucket", "extended_stats_bucket", "percentiles_bucket", "cumulative_sum", "derivative", "serial_diff", "bucket_sort",
    ];

    public static IReadOnlyList<AggregationNode> Parse(JsonElement element, int depth = 0)
    {
        if (depth > MaxDepth)
        {
            throw DslException.Argument($"aggregations are nested deeper than {MaxDepth}");
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            throw DslException.Parsing($"Unexpected token {DslJson.TokenName(element)} in [aggs]: aggregations definitions must start with the name of the aggregation.");
        }

        var nodes = new List<AggregationNode>();
        foreach (var p in element.EnumerateObject())
        {
            if (p.Name.AsSpan().IndexOfAny('[', ']', '>') >= 0)
            {
                throw DslException.Parsing($"Invalid aggregation name [{p.Name}]. Aggregation names can contain any character except '[', ']', and '>'");
            }

            if (p.Value.ValueKind != JsonValueKind.Object)
            {
                throw DslException.Parsing($"Aggregation definition for [{p.Name} starts with a [{DslJson.TokenName(p.Value)}], expected a [START_OBJECT].");
            }

            nodes.Add(One(p.Name, p.Value, depth));
        }

        return nodes;
    }

    private static AggregationNode One(string name, JsonElement definition, int depth)
    {
        AggregationBody? body = null;
        string? kind = null;
        IReadOnlyList<AggregationNode>? subs = null;
        JsonElement? meta = null;
        foreach (var p in definition.EnumerateObject())
        {
            switch (p.Name)
            {
                case "meta" when p.Value.ValueKind == JsonValueKind.Object:
                    meta = p.Value;
                    break;
                case "aggs" or "aggregations" when p.Value.ValueKind == JsonValueKind.Object:
                    subs = subs is null ? Parse(p.Value, depth + 1) : throw DslException.Parsing($"Found two sub aggregation definitions under [{name}]");
                    break;
                default:
                    if (p.Value.ValueKind != JsonValueKind.Object)
                    {
                        throw DslException.Parsing($"Expected [START_OBJECT] under [{p.Name}], but got a [{DslJson.TokenName(p.Value)}] in [{name}]");
                    }

                    if (kind is not null)
                    {
                        throw DslException.Parsing($"Found two aggregation type definitions in [{name}]: [{kind}] and [{p.Name}]");
                    }

                    kind = p.Name;
                    body = Body(kind, name, p.Value);
                    break;
            }
        }

        if (body is null)
        {
            throw DslException.Parsing($"Missing definition for aggregation [{name}]");
        }

        if (subs is { Count: > 0 } && !body.HasBuckets)
        {
            throw body.IsPipeline
                ? DslException.Argument($"Aggregation [{name}] cannot define sub-aggregations")
                : new DslException("aggregation_initialization_exception", $"Aggregator [{name}] of type [{kind}] cannot accept sub-aggregations", 500);
        }

        if (depth > 0 && body is GlobalAggregation)
        {
            throw new DslException("aggregation_execution_exception", $"Aggregation [{name}] cannot have a global sub-aggregation [{name}]. Global aggregations can only be defined as top level aggregations", 500) { OnShard = true };
        }

        return new(name, body, subs ?? [], meta);
    }

    private static AggregationBody Body(string kind, string name, JsonElement body) => kind switch
    {
        "terms" => Terms(body),
        "rare_terms" => RareTerms(body),
        "significant_terms" => SignificantTerms(body),
        "multi_terms" => MultiTerms(name, body),
        "filter" => new FilterAggregation(QueryParser.Parse(body)),
        "filters" => Filters(body),
        "missing" => new MissingAggregation(FieldOnly("missing", body)),
        "global" => body.EnumerateObject().Any() ? throw DslException.Parsing("Unexpected token FIELD_NAME in [global]") : new GlobalAggregation(),
        "sampler" => Sampler(body),
        "date_histogram" => DateHistogram(body, "date_histogram"),
        "histogram" => Histogram(body),
        "range" or "date_range" or "ip_range" => Range(kind, body),
        "ip_prefix" => IpPrefix(body),
        "composite" => Composite(body),
        "min" or "max" or "avg" or "sum" or "value_count" or "stats" or "extended_stats" or "cardinality" or "median_absolute_deviation" => Metric(kind, body),
        "percentiles" or "percentile_ranks" => Percentiles(kind, body),
        "weighted_avg" => WeightedAverage(body),
        "top_hits" => new TopHitsAggregation(SearchRequestParser.TopHits(body)),
        "avg_bucket" or "max_bucket" or "min_bucket" or "sum_bucket" or "stats_bucket" or "extended_stats_bucket" or "percentiles_bucket" or "cumulative_sum" or "derivative" or "serial_diff" => Pipeline(kind, name, body),
        "bucket_sort" => BucketSort(body),
        _ when Known.Contains(kind) => throw DslException.NotSupported(kind),
        _ => throw new DslException("parsing_exception", $"Unknown aggregation type [{kind}]{Spelling.Hint(kind, Supported)}"),
    };

    /// <summary>Reads an aggregation's body key by key. What a key's reader throws is wrapped, as Elasticsearch's ObjectParser does.</summary>
    private static void Each(string kind, JsonElement body, Func<string, JsonElement, bool> take)
    {
        foreach (var p in body.EnumerateObject())
        {
            bool known;
            try
            {
                known = take(p.Name, p.Value);
            }
            catch (DslException e) when (e.Type != "unsupported_operation_exception")
            {
                throw DslException.Content($"[{kind}] failed to parse field [{p.Name}]", e);
            }

            if (!known)
            {
                if (p.Name == "script")
                {
                    throw DslException.NotSupported("script");
                }

                throw DslException.Content($"[{kind}] unknown field [{p.Name}]{Hint(kind, p.Name)}");
            }
        }
    }

    private static string Hint(string kind, string key) => kind == "date_histogram" && key == "interval" ? " did you mean [fixed_interval]?" : "";

    private static string Required(string? field) => field ?? throw DslException.Argument("Required one of fields [field, script], but none were specified.");

    private static string FieldOnly(string kind, JsonElement body)
    {
        string? field = null;
        Each(kind, body, (key, v) =>
        {
            switch (key)
            {
                case "field": field = DslJson.Text(v); return true;
                case "missing": throw DslException.NotSupported($"{kind}.missing");
                default: return false;
            }
        });
        return Required(field);
    }

    private static int Positive(JsonElement value, string what) => DslJson.Int(value) is > 0 and var number ? number : throw DslException.Argument($"[{what}] must be greater than 0. Found [{DslJson.Text(value)}]");

    private static long NotNegative(JsonElement value, string what) => DslJson.Double(value) is >= 0 and < 9e18 and var number ? (long)number : throw DslException.Argument($"[{what}] must be greater than or equal to 0. Found [{DslJson.Text(value)}]");

    private static IReadOnlyList<BucketOrder> Orders(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(Order)] : [Order(value)];

    private static BucketOrder Order(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw DslException.Parsing($"Unexpected token [{DslJson.TokenName(value)}] for [order]");
        }

        BucketOrder? order = null;
        foreach (var p in value.EnumerateObject())
        {
            if (order is not null)
            {
                throw DslException.Parsing("Must specify at least one field for [order]");
            }

            if (p.Value.ValueKind != JsonValueKind.String)
            {
                throw DslException.Parsing($"Unexpected token [{DslJson.TokenName(p.Value)}] for [order]");
            }

            var ascending = p.Value.GetString()!.ToUpperInvariant() switch
            {
                "ASC" => true,
                "DESC" => false,
                _ => throw DslException.Parsing($"Unknown order direction [{p.Value.GetString()}]"),
            };
            order = new(p.Name is "_term" or "_time" ? "_key" : p.Name, ascending);
        }

        return order ?? throw DslException.Parsing("Must specify at least one field for [order]");
    }
}
