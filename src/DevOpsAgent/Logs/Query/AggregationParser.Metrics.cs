using System.Text.Json;

namespace DevOpsAgent.Logs.Query;

/// <summary>Composite, metrics and pipelines.</summary>
internal static partial class AggregationParser
{
    private static CompositeAggregation Composite(JsonElement body)
    {
        var composite = new CompositeAggregation([]);
        Each("composite", body, (key, v) =>
        {
            switch (key)
            {
                case "sources": composite = composite with { Sources = v.ValueKind == JsonValueKind.Array ? [.. v.EnumerateArray().Select(Source)] : [Source(v)] }; return true;
                case "size": composite = composite with { Size = Positive(v, "size") }; return true;
                case "after": composite = composite with { After = v.EnumerateObject().ToDictionary(static p => p.Name, static p => Literal.Of(p.Value), StringComparer.Ordinal) }; return true;
                default: return false;
            }
        });
        var twice = composite.Sources.GroupBy(static s => s.Name, StringComparer.Ordinal).Where(static g => g.Count() > 1).Select(static g => g.Key).ToList();
        return composite.Sources.Count == 0 ? throw DslException.Argument("Composite [sources] cannot be null or empty")
            : twice.Count > 0 ? throw DslException.Argument($"Composite source names must be unique, found duplicates: [{string.Join(", ", twice)}]")
            : composite;
    }

    private static CompositeSource Source(JsonElement element)
    {
        var named = Single(element, "composite source");
        var typed = Single(named.Value, named.Name);
        var kind = typed.Name;
        if (kind is not ("terms" or "histogram" or "date_histogram"))
        {
            throw kind == "geotile_grid" ? DslException.NotSupported("composite geotile_grid") : DslException.Parsing($"invalid source type: {kind}");
        }

        string? field = null;
        var source = new CompositeSource(named.Name, kind, "");
        var date = new DateHistogramAggregation("");
        Each(kind, typed.Value, (key, v) =>
        {
            switch (key)
            {
                case "field": field = DslJson.Text(v); return true;
                case "order":
                    source = source with { Descending = DslJson.Text(v).ToUpperInvariant() switch { "ASC" => false, "DESC" => true, var other => throw DslException.Argument($"No enum constant org.elasticsearch.search.sort.SortOrder.{other}") } };
                    return true;
                case "missing_bucket": source = source with { MissingBucket = DslJson.Flag(v) }; return true;
                case "missing_order":
                    source = source with { MissingFirst = DslJson.Text(v) switch { "first" => true, "last" => false, "default" => null, var other => throw DslException.Argument($"Unknown missing order: {other}") } };
                    return true;
                case "format" when kind != "histogram": source = source with { Format = DslJson.Text(v) }; return true;
                case "interval" when kind == "histogram": source = source with { Interval = DslJson.Double(v) is > 0 and var interval ? interval : throw DslException.Argument("[interval] must be greater than 0 for [histogram] source") }; return true;
                case "calendar_interval" or "fixed_interval" when kind == "date_histogram": date = Interval(date, key, DslJson.Text(v)); return true;
                case "time_zone" when kind == "date_histogram": date = date with { TimeZone = Zone(v) }; return true;
                case "offset" when kind == "date_histogram": date = date with { Offset = v.ValueKind == JsonValueKind.Number ? DslJson.Int(v) : TimeInterval.Millis(DslJson.Text(v), "offset") }; return true;
                case "value_type": return true;
                default: return false;
            }
        });
        if (kind == "histogram" && source.Interval <= 0)
        {
            throw DslException.Argument("Required [interval]");
        }

        var found = Required(field);
        return source with { Field = found, Date = kind == "date_histogram" ? date with { Field = found } : null };
    }

    private static JsonProperty Single(JsonElement element, string what)
    {
        if (element.ValueKind != JsonValueKind.Object || element.EnumerateObject().Count() != 1 || element.EnumerateObject().First() is not { Value.ValueKind: JsonValueKind.Object } property)
        {
            throw DslException.Parsing($"Failed to parse object: expecting one object under [{what}]");
        }

        return property;
    }

    private static MetricAggregation Metric(string kind, JsonElement body)
    {
        string? field = null;
        var metric = new MetricAggregation(kind, "");
        Each(kind, body, (key, v) =>
        {
            switch (key)
            {
                case "field": field = DslJson.Text(v); return true;
                case "missing": metric = metric with { Missing = Literal.Of(v) }; return true;
                case "format" when kind != "cardinality": metric = metric with { Format = DslJson.Text(v) }; return true;
                case "sigma" when kind == "extended_stats": metric = metric with { Sigma = DslJson.Double(v) is >= 0 and var sigma ? sigma : throw DslException.Argument($"[sigma] must be greater than or equal to 0. Found [{DslJson.Text(v)}]") }; return true;
                case "precision_threshold" when kind == "cardinality": return DslJson.Int(v) >= 0 ? true : throw DslException.Argument($"[precisionThreshold] must be greater than or equal to 0. Found [{DslJson.Text(v)}]");
                case "compression" when kind == "median_absolute_deviation": return true;
                case "execution_hint" or "rehash" or "value_type": return true;
                default: return false;
            }
        });
        return metric with { Field = Required(field) };
    }

    private static PercentilesAggregation Percentiles(string kind, JsonElement body)
    {
        string? field = null;
        var isRanks = kind == "percentile_ranks";
        var percentiles = new PercentilesAggregation(kind, "", isRanks ? [] : [1, 5, 25, 50, 75, 95, 99]);
        Each(kind, body, (key, v) =>
        {
            switch (key)
            {
                case "field": field = DslJson.Text(v); return true;
                case "percents" when !isRanks:
                    percentiles = percentiles with { Values = [.. v.EnumerateArray().Select(DslJson.Double).Order()] };
                    return percentiles.Values.Any(static p => p is < 0 or > 100) ? throw DslException.Argument("percent must be in [0,100]") : true;
                case "values" when isRanks: percentiles = percentiles with { Values = [.. v.EnumerateArray().Select(DslJson.Double).Order()] }; return true;
                case "keyed": percentiles = percentiles with { Keyed = DslJson.Flag(v) }; return true;
                case "missing": percentiles = percentiles with { Missing = Literal.Of(v) }; return true;
                case "tdigest": return true;
                case "hdr": throw DslException.NotSupported("percentiles.hdr");
                case "format": throw DslException.NotSupported("percentiles.format");
                default: return false;
            }
        });
        return percentiles.Values.Count == 0 ? throw DslException.Argument(isRanks ? "Required [values]" : "[percents] must not be empty") : percentiles with { Field = Required(field) };
    }

    private static WeightedAverageAggregation WeightedAverage(JsonElement body)
    {
        var average = new WeightedAverageAggregation("", "");
        Each("weighted_avg", body, (key, v) =>
        {
            if (key is not ("value" or "weight"))
            {
                return key == "format" ? throw DslException.NotSupported("weighted_avg.format") : key == "value_type";
            }

            string? field = null;
            Literal? missing = null;
            Each(key, v, (k, o) =>
            {
                switch (k)
                {
                    case "field": field = DslJson.Text(o); return true;
                    case "missing": missing = Literal.Of(o); return true;
                    default: return false;
                }
            });
            average = key == "value" ? average with { ValueField = Required(field), ValueMissing = missing } : average with { WeightField = Required(field), WeightMissing = missing };
            return true;
        });
        return average.ValueField.Length == 0 || average.WeightField.Length == 0 ? throw DslException.Argument("[weighted_avg] requires [value] and [weight]") : average;
    }

    private static PipelineAggregation Pipeline(string kind, string name, JsonElement body)
    {
        string? path = null;
        var pipeline = new PipelineAggregation(kind, "");
        foreach (var p in body.EnumerateObject())
        {
            switch (p.Name)
            {
                case "buckets_path":
                    path = p.Value.ValueKind == JsonValueKind.Object ? throw DslException.Parsing($"{kind} needs one buckets_path")
                        : DslJson.Texts(p.Value) is [var single] ? single : throw DslException.Validation($"must contain a single entry for aggregation [{name}]");
                    break;
                case "gap_policy":
                    pipeline = pipeline with { InsertZeros = DslJson.Text(p.Value) switch { "skip" or "keep_values" => false, "insert_zeros" => true, var other => throw DslException.Argument($"Invalid gap policy: [{other}], accepted values: [insert_zeros, skip, keep_values]") } };
                    break;
                case "percents" when kind == "percentiles_bucket": pipeline = pipeline with { Percents = [.. p.Value.EnumerateArray().Select(DslJson.Double)] }; break;
                case "keyed" when kind == "percentiles_bucket": pipeline = pipeline with { Keyed = DslJson.Flag(p.Value) }; break;
                case "sigma" when kind == "extended_stats_bucket": pipeline = pipeline with { Sigma = DslJson.Double(p.Value) }; break;
                case "lag" when kind == "serial_diff": pipeline = pipeline with { Lag = Positive(p.Value, "lag") }; break;
                case "unit" when kind == "derivative":
                    var unit = DslJson.Text(p.Value);
                    pipeline = pipeline with { Unit = TimeInterval.TryCalendar(unit, out var calendar) && calendar <= CalendarInterval.Week ? UnitMillis(calendar) : TimeInterval.Millis(unit, "derivative.unit") };
                    break;
                case "format": throw DslException.NotSupported($"{kind}.format");
                default: throw DslException.Parsing($"Unexpected token {DslJson.TokenName(p.Value)} [{p.Name}] in [{name}].");
            }
        }

        return path is null ? throw DslException.Parsing($"Missing required field [buckets_path] for aggregation [{name}]") : pipeline with { Path = path };
    }

    private static long UnitMillis(CalendarInterval unit) => unit switch
    {
        CalendarInterval.Second => 1000,
        CalendarInterval.Minute => 60_000,
        CalendarInterval.Hour => 3_600_000,
        CalendarInterval.Day => CivilTime.DayMillis,
        _ => 7 * CivilTime.DayMillis,
    };

    private static BucketSortAggregation BucketSort(JsonElement body)
    {
        var sort = new BucketSortAggregation([], 0, null);
        Each("bucket_sort", body, (key, v) =>
        {
            switch (key)
            {
                case "sort":
                    sort = sort with { Sort = [.. SortParser.Parse(v).Select(static s => new BucketOrder(s.Field, !s.Descending))] };
                    return true;
                case "from": sort = sort with { From = DslJson.Int(v) is >= 0 and var from ? from : throw DslException.Argument("[from] must be a non-negative integer") }; return true;
                case "size": sort = sort with { Size = DslJson.Int(v) is > 0 and var size ? size : throw DslException.Argument("[size] must be a positive integer") }; return true;
                case "gap_policy": sort = sort with { InsertZeros = DslJson.Text(v) == "insert_zeros" }; return true;
                default: return false;
            }
        });
        return sort.Sort.Count == 0 && sort.Size is null && sort.From == 0 ? throw DslException.Validation("[bucket_sort] is configured to perform nothing. Please set either of [sort, size, from] to use bucket_sort") : sort;
    }
}
