using System.Globalization;
using System.Text.Json;

namespace DevOpsAgent.Logs.Query;

/// <summary>Composite, metrics and pipelines as DSL.</summary>
internal static partial class AggregationWriter
{
    private static void Composite(Utf8JsonWriter json, CompositeAggregation a)
    {
        json.WriteNumber("size", a.Size);
        json.WriteStartArray("sources");
        foreach (var source in a.Sources)
        {
            json.WriteStartObject();
            json.WriteStartObject(source.Name);
            json.WriteStartObject(source.Kind);
            json.WriteString("field", source.Field);
            json.WriteString("order", source.Descending ? "desc" : "asc");
            json.WriteBoolean("missing_bucket", source.MissingBucket);
            Text(json, "missing_order", source.MissingBucket && source.MissingFirst is { } first ? first ? "first" : "last" : null);
            Text(json, "format", source.Format);
            if (source.Kind == "histogram")
            {
                Number(json, "interval", source.Interval);
            }

            if (source.Date is { } date)
            {
                Interval(json, date);
            }

            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (a.After is { } after)
        {
            json.WriteStartObject("after");
            foreach (var (name, value) in after)
            {
                Literal(json, name, value);
            }

            json.WriteEndObject();
        }
    }

    private static void Metric(Utf8JsonWriter json, MetricAggregation a)
    {
        json.WriteString("field", a.Field);
        Literal(json, "missing", a.Missing);
        Text(json, "format", a.Format);
        if (a.Kind == "extended_stats")
        {
            Number(json, "sigma", a.Sigma);
        }
    }

    private static void Weighted(Utf8JsonWriter json, string key, string field, Literal? missing)
    {
        json.WriteStartObject(key);
        json.WriteString("field", field);
        Literal(json, "missing", missing);
        json.WriteEndObject();
    }

    private static void Pipeline(Utf8JsonWriter json, PipelineAggregation a)
    {
        json.WriteString("buckets_path", a.Path);
        if (a.Kind != "cumulative_sum")
        {
            json.WriteString("gap_policy", a.InsertZeros ? "insert_zeros" : "skip");
        }

        switch (a.Kind)
        {
            case "percentiles_bucket": Numbers(json, "percents", a.Percents); break;
            case "extended_stats_bucket": Number(json, "sigma", a.Sigma); break;
            case "serial_diff": json.WriteNumber("lag", a.Lag); break;
            case "derivative" when a.Unit > 0: json.WriteString("unit", $"{a.Unit.ToString(CultureInfo.InvariantCulture)}ms"); break;
        }
    }

    private static void BucketSort(Utf8JsonWriter json, BucketSortAggregation a)
    {
        Orders(json, a.Sort, "sort");
        json.WriteNumber("from", a.From);
        if (a.Size is { } size)
        {
            json.WriteNumber("size", size);
        }
    }
}
