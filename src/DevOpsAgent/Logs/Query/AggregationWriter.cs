using System.Globalization;
using System.Text.Json;

namespace DevOpsAgent.Logs.Query;

/// <summary>Aggregations of our tree as DSL.</summary>
internal static partial class AggregationWriter
{
    public static void Write(Utf8JsonWriter json, IReadOnlyList<AggregationNode> nodes)
    {
        json.WriteStartObject();
        foreach (var node in nodes)
        {
            json.WriteStartObject(node.Name);
            json.WriteStartObject(node.Body.Kind);
            Body(json, node.Body);
            json.WriteEndObject();
            if (node.Meta is { } meta)
            {
                json.WritePropertyName("meta");
                meta.WriteTo(json);
            }

            if (node.Subs.Count > 0)
            {
                json.WritePropertyName("aggs");
                Write(json, node.Subs);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void Body(Utf8JsonWriter json, AggregationBody body)
    {
        switch (body)
        {
            case TermsAggregation a: Terms(json, a); break;
            case RareTermsAggregation a:
                json.WriteString("field", a.Field);
                json.WriteNumber("max_doc_count", a.MaxDocCount);
                Filter(json, a.Filter);
                break;
            case SignificantTermsAggregation a:
                json.WriteString("field", a.Field);
                json.WriteNumber("size", a.Size);
                json.WriteNumber("min_doc_count", a.MinDocCount);
                Filter(json, a.Filter);
                if (a.Background is { } background)
                {
                    QueryWriter.Inner(json, "background_filter", background);
                }

                break;
            case MultiTermsAggregation a: MultiTerms(json, a); break;
            case FilterAggregation a: FilterBody(json, a.Filter); break;
            case FiltersAggregation a: Filters(json, a); break;
            case MissingAggregation a: json.WriteString("field", a.Field); break;
            case SamplerAggregation a: json.WriteNumber("shard_size", a.ShardSize); break;
            case DateHistogramAggregation a: DateHistogram(json, a); break;
            case HistogramAggregation a: Histogram(json, a); break;
            case RangeAggregation a: Range(json, a); break;
            case IpPrefixAggregation a: IpPrefix(json, a); break;
            case CompositeAggregation a: Composite(json, a); break;
            case MetricAggregation a: Metric(json, a); break;
            case PercentilesAggregation a:
                json.WriteString("field", a.Field);
                Numbers(json, a.Kind == "percentiles" ? "percents" : "values", a.Values);
                json.WriteBoolean("keyed", a.Keyed);
                Literal(json, "missing", a.Missing);
                break;
            case WeightedAverageAggregation a:
                Weighted(json, "value", a.ValueField, a.ValueMissing);
                Weighted(json, "weight", a.WeightField, a.WeightMissing);
                break;
            case TopHitsAggregation a: SearchWriter.TopHits(json, a.Search); break;
            case PipelineAggregation a: Pipeline(json, a); break;
            case BucketSortAggregation a: BucketSort(json, a); break;
            case GlobalAggregation: break;
            default: throw DslException.NotSupported(body.Kind);
        }
    }

    private static void Literal(Utf8JsonWriter json, string key, Literal? value)
    {
        if (value is { } found)
        {
            json.WritePropertyName(key);
            found.Write(json);
        }
    }

    private static void Text(Utf8JsonWriter json, string key, string? value)
    {
        if (value is not null)
        {
            json.WriteString(key, value);
        }
    }

    private static void Number(Utf8JsonWriter json, string key, double value)
    {
        json.WritePropertyName(key);
        json.WriteRawValue(value == Math.Floor(value) && Math.Abs(value) < 1e15 ? ((long)value).ToString(CultureInfo.InvariantCulture) : JavaNumber.Text(value));
    }

    private static void Numbers(Utf8JsonWriter json, string key, IEnumerable<double> values)
    {
        json.WriteStartArray(key);
        foreach (var value in values)
        {
            json.WriteRawValue(JavaNumber.Text(value));
        }

        json.WriteEndArray();
    }

    private static void FilterBody(Utf8JsonWriter json, QueryNode filter)
    {
        // A filter's query stands right in its body: {"filter": {"term": …}}.
        using var buffer = new MemoryStream();
        using (var inner = new Utf8JsonWriter(buffer))
        {
            QueryWriter.Write(inner, filter);
        }

        using var document = JsonDocument.Parse(buffer.ToArray());
        foreach (var p in document.RootElement.EnumerateObject())
        {
            p.WriteTo(json);
        }
    }

    private static void Orders(Utf8JsonWriter json, IReadOnlyList<BucketOrder> orders, string key = "order")
    {
        if (orders.Count == 0)
        {
            return;
        }

        json.WriteStartArray(key);
        foreach (var order in orders)
        {
            json.WriteStartObject();
            json.WriteString(order.Path, order.Ascending ? "asc" : "desc");
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Filter(Utf8JsonWriter json, TermFilter? filter)
    {
        Text(json, "include", filter?.IncludePattern);
        Text(json, "exclude", filter?.ExcludePattern);
        foreach (var (key, values) in new[] { ("include", filter?.Include), ("exclude", filter?.Exclude) })
        {
            if (values is null)
            {
                continue;
            }

            json.WriteStartArray(key);
            foreach (var value in values)
            {
                value.Write(json);
            }

            json.WriteEndArray();
        }
    }

    private static void Terms(Utf8JsonWriter json, TermsAggregation a)
    {
        json.WriteString("field", a.Field);
        json.WriteNumber("size", a.Size);
        json.WriteNumber("min_doc_count", a.MinDocCount);
        Orders(json, a.Order);
        Filter(json, a.Filter);
        Literal(json, "missing", a.Missing);
        Text(json, "format", a.Format);
    }

    private static void MultiTerms(Utf8JsonWriter json, MultiTermsAggregation a)
    {
        json.WriteStartArray("terms");
        foreach (var field in a.Fields)
        {
            json.WriteStartObject();
            json.WriteString("field", field);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("size", a.Size);
        json.WriteNumber("min_doc_count", a.MinDocCount);
        Orders(json, a.Order);
    }

    private static void Filters(Utf8JsonWriter json, FiltersAggregation a)
    {
        if (a.Keyed)
        {
            json.WriteStartObject("filters");
            foreach (var (key, filter) in a.Filters)
            {
                QueryWriter.Inner(json, key!, filter);
            }

            json.WriteEndObject();
        }
        else
        {
            json.WriteStartArray("filters");
            foreach (var (_, filter) in a.Filters)
            {
                QueryWriter.Write(json, filter);
            }

            json.WriteEndArray();
        }

        Text(json, "other_bucket_key", a.OtherKey);
    }

    private static void Interval(Utf8JsonWriter json, DateHistogramAggregation a)
    {
        Text(json, "calendar_interval", a.Calendar?.ToString().ToLowerInvariant());
        if (a.Calendar is null)
        {
            json.WriteString("fixed_interval", $"{a.Fixed.ToString(CultureInfo.InvariantCulture)}ms");
        }

        Text(json, "time_zone", a.TimeZone);
        if (a.Offset != 0)
        {
            json.WriteString("offset", $"{a.Offset.ToString(CultureInfo.InvariantCulture)}ms");
        }
    }

    private static void DateHistogram(Utf8JsonWriter json, DateHistogramAggregation a)
    {
        json.WriteString("field", a.Field);
        Interval(json, a);
        Text(json, "format", a.Format);
        json.WriteBoolean("keyed", a.Keyed);
        json.WriteNumber("min_doc_count", a.MinDocCount);
        Bounds(json, "extended_bounds", a.ExtendedBounds);
        Bounds(json, "hard_bounds", a.HardBounds);
        Literal(json, "missing", a.Missing);
        Orders(json, a.Order);
    }

    private static void Bounds(Utf8JsonWriter json, string key, (Literal? Min, Literal? Max)? bounds)
    {
        if (bounds is not { } found)
        {
            return;
        }

        json.WriteStartObject(key);
        Literal(json, "min", found.Min);
        Literal(json, "max", found.Max);
        json.WriteEndObject();
    }

    private static void Histogram(Utf8JsonWriter json, HistogramAggregation a)
    {
        json.WriteString("field", a.Field);
        Number(json, "interval", a.Interval);
        Number(json, "offset", a.Offset);
        json.WriteBoolean("keyed", a.Keyed);
        json.WriteNumber("min_doc_count", a.MinDocCount);
        foreach (var (key, bounds) in new[] { ("extended_bounds", a.ExtendedBounds), ("hard_bounds", a.HardBounds) })
        {
            Bounds(json, key, bounds is { } b ? (b.Min is { } min ? Query.Literal.Of(min) : null, b.Max is { } max ? Query.Literal.Of(max) : null) : null);
        }

        Literal(json, "missing", a.Missing);
        Orders(json, a.Order);
    }

    private static void Range(Utf8JsonWriter json, RangeAggregation a)
    {
        json.WriteString("field", a.Field);
        json.WriteBoolean("keyed", a.Keyed);
        Text(json, "format", a.Format);
        Text(json, "time_zone", a.TimeZone);
        Literal(json, "missing", a.Missing);
        json.WriteStartArray("ranges");
        foreach (var range in a.Ranges)
        {
            json.WriteStartObject();
            Text(json, "key", range.Key);
            Literal(json, "from", range.From);
            Literal(json, "to", range.To);
            Text(json, "mask", range.Mask);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void IpPrefix(Utf8JsonWriter json, IpPrefixAggregation a)
    {
        json.WriteString("field", a.Field);
        json.WriteNumber("prefix_length", a.PrefixLength);
        json.WriteBoolean("is_ipv6", a.IsIPv6);
        json.WriteBoolean("append_prefix_length", a.AppendPrefixLength);
        json.WriteBoolean("keyed", a.Keyed);
        json.WriteNumber("min_doc_count", a.MinDocCount);
    }
}
