using System.Text.Json;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>Percentiles and ranks from all values sorted: exact, where Elasticsearch estimates.</summary>
internal static class Percentiles
{
    public static AggregationResult Run(AggregationScope scope, PercentilesAggregation aggregation, DocSet docs)
    {
        var numbers = new FieldNumbers(scope, aggregation.Field, aggregation.Missing);
        var values = new List<double>();
        numbers.Each(docs, values.Add);
        values.Sort();
        var isRanks = aggregation.Kind == "percentile_ranks";
        var results = aggregation.Values.Select(v => (Key: v, Value: values.Count == 0 ? (double?)null : isRanks ? RankOf(values, v) : At(values, v))).ToList();
        var text = !isRanks && numbers.Field?.Type == FieldType.Date ? Metrics.Printer(numbers.Field, null) : null;
        return new WrittenResult(json => Write(json, results, aggregation.Keyed, text), property =>
            double.TryParse(property, System.Globalization.CultureInfo.InvariantCulture, out var key) && results.FindIndex(r => r.Key == key) is >= 0 and var i ? results[i].Value ?? double.NaN : null);
    }

    private static void Write(Utf8JsonWriter json, List<(double Key, double? Value)> results, bool keyed, Func<double, string>? text)
    {
        json.WritePropertyName("values");
        if (!keyed)
        {
            json.WriteStartArray();
            foreach (var (key, value) in results)
            {
                json.WriteStartObject();
                json.WritePropertyName("key");
                NumberJson.Write(json, key);
                json.WritePropertyName("value");
                NumberJson.Write(json, value);
                if (text is not null && value is { } number)
                {
                    json.WriteString("value_as_string", text(number));
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
            return;
        }

        json.WriteStartObject();
        foreach (var (key, value) in results)
        {
            json.WritePropertyName(JavaNumber.Text(key));
            NumberJson.Write(json, value);
            if (text is not null && value is { } number)
            {
                json.WriteString($"{JavaNumber.Text(key)}_as_string", text(number));
            }
        }

        json.WriteEndObject();
    }

    /// <param name="sorted">Ascending, at least one.</param>
    /// <param name="percent">0 to 100.</param>
    public static double At(List<double> sorted, double percent)
    {
        var place = percent / 100 * (sorted.Count - 1);
        var low = (int)Math.Floor(place);
        var high = Math.Min(low + 1, sorted.Count - 1);
        return sorted[low] + ((sorted[high] - sorted[low]) * (place - low));
    }

    /// <summary>Percent of the values at or below.</summary>
    private static double RankOf(List<double> sorted, double value)
    {
        var at = sorted.BinarySearch(value);
        if (at < 0)
        {
            at = ~at;
        }
        else
        {
            while (at < sorted.Count && sorted[at] == value)
            {
                at++;
            }
        }

        return 100.0 * at / sorted.Count;
    }
}
