using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>One number over all buckets of an aggregation beside: avg_bucket, max_bucket and their like.</summary>
internal static class Siblings
{
    public static AggregationResult Run(PipelineAggregation pipeline, IReadOnlyList<NamedResult> results)
    {
        var steps = pipeline.Path.Split('>', 2, StringSplitOptions.TrimEntries);
        var source = results.FirstOrDefault(r => r.Node.Name == steps[0])?.Result as BucketsResult;
        var path = BucketPath.Parse(steps.Length > 1 ? steps[1] : "_count");
        var values = new List<(double Value, string Key)>();
        foreach (var bucket in source?.Buckets ?? [])
        {
            var value = path.Value(bucket.Subs, bucket.DocCount) ?? double.NaN;
            if (!double.IsFinite(value) || (bucket.DocCount == 0 && path.Steps[^1] != "_count"))
            {
                if (!pipeline.InsertZeros)
                {
                    continue;
                }

                value = 0;
            }

            values.Add((value, bucket.Name ?? ""));
        }

        var stats = new RunningStats();
        values.ForEach(v => stats.Add(v.Value));
        double? any(double value) => values.Count == 0 ? null : value;
        return pipeline.Kind switch
        {
            "avg_bucket" => new NumbersResult(("value", any(stats.Average))),
            "sum_bucket" => new NumbersResult(("value", stats.Sum)),
            "max_bucket" => Best(values, stats.Max),
            "min_bucket" => Best(values, stats.Min),
            "stats_bucket" => new NumbersResult(("count", stats.Count), ("min", any(stats.Min)), ("max", any(stats.Max)), ("avg", any(stats.Average)), ("sum", stats.Sum)),
            "extended_stats_bucket" => Metrics.Extended(stats, pipeline.Sigma, null),
            _ => PercentilesOf(pipeline, values),
        };
    }

    private static NumbersResult Best(List<(double Value, string Key)> values, double best) =>
        new(("value", values.Count == 0 ? null : best)) { Keys = [.. values.Where(v => v.Value == best).Select(static v => v.Key)] };

    /// <summary>The nearest value itself, not a mean of two: as Elasticsearch does for buckets.</summary>
    private static WrittenResult PercentilesOf(PipelineAggregation pipeline, List<(double Value, string Key)> values)
    {
        var sorted = values.Select(static v => v.Value).Order().ToArray();
        double? at(double percent) => sorted.Length == 0 ? null : sorted[(int)Math.Round(percent / 100.0 * (sorted.Length - 1), MidpointRounding.AwayFromZero)];
        return new(json =>
        {
            json.WriteStartObject("values");
            foreach (var percent in pipeline.Percents)
            {
                json.WritePropertyName(JavaNumber.Text(percent));
                NumberJson.Write(json, at(percent));
            }

            json.WriteEndObject();
        });
    }
}
