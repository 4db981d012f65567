using System.Text.Json;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Columns;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>Numbers over the documents of a bucket.</summary>
internal static class Metrics
{
    public static AggregationResult Run(AggregationScope scope, MetricAggregation metric, DocSet docs)
    {
        switch (metric.Kind)
        {
            case "cardinality": return new NumbersResult(("value", Cardinality(scope, metric, docs))) { Whole = true };
            case "value_count": return new NumbersResult(("value", ValueCount(scope, metric, docs))) { Whole = true };
        }

        var numbers = new FieldNumbers(scope, metric.Field, metric.Missing);
        if (metric.Kind == "median_absolute_deviation")
        {
            return new NumbersResult(("value", Deviation(numbers, docs)));
        }

        var stats = new RunningStats();
        numbers.Each(docs, stats.Add);
        var text = Printer(numbers.Field, metric.Format);
        double? any(double value) => stats.Count == 0 ? null : value;
        return metric.Kind switch
        {
            "min" => new NumbersResult(("value", any(stats.Min))) { Text = text },
            "max" => new NumbersResult(("value", any(stats.Max))) { Text = text },
            "avg" => new NumbersResult(("value", any(stats.Average))) { Text = text },
            "sum" => new NumbersResult(("value", stats.Sum)) { Text = text },
            "stats" => new NumbersResult(("count", stats.Count), ("min", any(stats.Min)), ("max", any(stats.Max)), ("avg", any(stats.Average)), ("sum", stats.Sum)) { Text = stats.Count > 0 ? text : null },
            _ => Extended(stats, metric.Sigma, stats.Count > 0 ? text : null),
        };
    }

    public static Func<double, string>? Printer(FieldMapping? field, string? format)
    {
        if (field?.Type == FieldType.Date)
        {
            var dates = format is null ? field.Format : new DateFormat(format);
            return v => dates.Format((long)v, TimeZoneInfo.Utc);
        }

        return format is not null ? throw DslException.NotSupported("number format") : field?.Type == FieldType.Boolean ? static v => v == 0 ? "false" : "true" : null;
    }

    public static AggregationResult Extended(RunningStats stats, double sigma, Func<double, string>? text)
    {
        double? any(double value) => stats.Count == 0 || double.IsNaN(value) ? null : value;
        var (mean, deviation, sampling) = (stats.Average, Math.Sqrt(stats.Variance), Math.Sqrt(stats.SamplingVariance));
        return new WrittenResult(json =>
        {
            new NumbersResult(("count", stats.Count), ("min", any(stats.Min)), ("max", any(stats.Max)), ("avg", any(mean)), ("sum", stats.Sum),
                ("sum_of_squares", any(stats.SumOfSquares)), ("variance", any(stats.Variance)), ("variance_population", any(stats.Variance)), ("variance_sampling", any(stats.SamplingVariance)),
                ("std_deviation", any(deviation)), ("std_deviation_population", any(deviation)), ("std_deviation_sampling", any(sampling))) { Text = text }.Write(json);
            json.WriteStartObject("std_deviation_bounds");
            foreach (var (name, value) in new[] { ("upper", mean + (sigma * deviation)), ("lower", mean - (sigma * deviation)), ("upper_population", mean + (sigma * deviation)), ("lower_population", mean - (sigma * deviation)),
                ("upper_sampling", mean + (sigma * sampling)), ("lower_sampling", mean - (sigma * sampling)) })
            {
                json.WritePropertyName(name);
                NumberJson.Write(json, any(value));
            }

            json.WriteEndObject();
        }, property => property switch
        {
            "count" => stats.Count,
            "min" => stats.Min,
            "max" => stats.Max,
            "avg" => mean,
            "sum" => stats.Sum,
            "sum_of_squares" => stats.SumOfSquares,
            "variance" or "variance_population" => stats.Variance,
            "variance_sampling" => stats.SamplingVariance,
            "std_deviation" or "std_deviation_population" => deviation,
            "std_deviation_sampling" => sampling,
            "std_upper" => mean + (sigma * deviation),
            "std_lower" => mean - (sigma * deviation),
            _ => null,
        });
    }

    /// <summary>Exact, where Elasticsearch estimates beyond 3,000 values.</summary>
    private static double Cardinality(AggregationScope scope, MetricAggregation metric, DocSet docs)
    {
        var terms = scope.Terms(metric.Field);
        var seen = new Bits(terms.Count + 1);
        for (var s = 0; s < docs.Docs.Length; s++)
        {
            var codes = terms.Codes[s];
            foreach (var doc in docs.Docs[s].Span)
            {
                seen.Set(codes[doc]);
            }

            if (!terms.Extras[s].IsEmpty)
            {
                var all = new List<int>();
                foreach (var doc in docs.Docs[s].Span)
                {
                    terms.Each(s, doc, all);
                    all.ForEach(c => seen.Set(c + 1));
                }
            }
        }

        var withMissing = seen[0] && metric.Missing is not null;
        seen.Clear(0);
        return seen.Count() + (withMissing && !IsAmong(terms, metric.Missing!.Value.Text, seen) ? 1 : 0);
    }

    private static bool IsAmong(FieldTerms terms, string text, Bits seen)
    {
        for (var code = 0; code < terms.Count; code++)
        {
            if (seen[code + 1] && TermKey.Plain(terms, code) == text)
            {
                return true;
            }
        }

        return false;
    }

    private static long ValueCount(AggregationScope scope, MetricAggregation metric, DocSet docs)
    {
        if (scope.Field(metric.Field) is not { } field)
        {
            return metric.Missing is null ? 0 : docs.Count;
        }

        long count = 0;
        if (!field.Type.IsText())
        {
            new FieldNumbers(scope, metric.Field, metric.Missing).Each(docs, _ => count++);
            return count;
        }

        var terms = scope.Terms(metric.Field);
        var codes = new List<int>();
        for (var s = 0; s < docs.Docs.Length; s++)
        {
            foreach (var doc in docs.Docs[s].Span)
            {
                if (terms.Extras[s].IsEmpty)
                {
                    count += terms.Codes[s][doc] != 0 || metric.Missing is not null ? 1 : 0;
                    continue;
                }

                terms.Each(s, doc, codes);
                count += codes.Count > 0 ? codes.Count : metric.Missing is null ? 0 : 1;
            }
        }

        return count;
    }

    private static double? Deviation(FieldNumbers numbers, DocSet docs)
    {
        var values = new List<double>();
        numbers.Each(docs, values.Add);
        if (values.Count == 0)
        {
            return null;
        }

        values.Sort();
        var median = Percentiles.At(values, 50);
        var distances = values.ConvertAll(v => Math.Abs(v - median));
        distances.Sort();
        return Percentiles.At(distances, 50);
    }

    public static AggregationResult WeightedAverage(AggregationScope scope, WeightedAverageAggregation average, DocSet docs)
    {
        var values = new FieldNumbers(scope, average.ValueField, average.ValueMissing);
        var weights = new FieldNumbers(scope, average.WeightField, average.WeightMissing);
        var sum = new RunningStats();
        var total = new RunningStats();
        var one = new List<double>();
        var weight = new List<double>();
        for (var s = 0; s < docs.Docs.Length; s++)
        {
            foreach (var doc in docs.Docs[s].Span)
            {
                values.Each(s, doc, one);
                weights.Each(s, doc, weight);
                if (one.Count == 0 || weight.Count == 0)
                {
                    continue;
                }

                if (weight.Count > 1)
                {
                    throw DslException.Shard("aggregation_execution_exception", "Encountered more than one weight for a single document. Use a script to combine multiple weights-per-doc into a single value.");
                }

                foreach (var value in one)
                {
                    sum.Add(value * weight[0]);
                    total.Add(weight[0]);
                }
            }
        }

        return new NumbersResult(("value", total.Count == 0 || total.Sum == 0 ? null : sum.Sum / total.Sum));
    }

    /// <summary>Written for the JSON of a single number.</summary>
    public static void Value(Utf8JsonWriter json, double? value)
    {
        json.WritePropertyName("value");
        NumberJson.Write(json, value);
    }
}
