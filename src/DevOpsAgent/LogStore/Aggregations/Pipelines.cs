using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>Aggregations along the buckets of their parent: sums so far, differences, sorting and cutting.</summary>
internal static class Pipelines
{
    public static void Run(AggregationScope scope, AggregationNode parent, BucketsResult result)
    {
        foreach (var node in parent.Subs)
        {
            switch (node.Body)
            {
                case PipelineAggregation { Kind: "cumulative_sum" } p: CumulativeSum(scope, node, p, result); break;
                case PipelineAggregation { Kind: "derivative" } p: Derivative(scope, node, p, result); break;
                case PipelineAggregation { Kind: "serial_diff" } p: SerialDifference(scope, node, p, result); break;
            }
        }

        foreach (var sort in parent.Subs.Select(static n => n.Body).OfType<BucketSortAggregation>())
        {
            Sort(sort, result);
        }
    }

    private static double Value(PipelineAggregation pipeline, BucketPath path, Bucket bucket)
    {
        var value = path.Value(bucket.Subs, bucket.DocCount) ?? double.NaN;
        var isCount = path.Steps[^1] == "_count";
        var isGap = !double.IsFinite(value) || (bucket.DocCount == 0 && !isCount);
        return !isGap ? value : pipeline.InsertZeros ? 0 : double.NaN;
    }

    private static void CumulativeSum(AggregationScope scope, AggregationNode node, PipelineAggregation pipeline, BucketsResult result)
    {
        var path = BucketPath.Parse(pipeline.Path);
        double sum = 0;
        foreach (var bucket in result.Buckets)
        {
            var value = path.Value(bucket.Subs, bucket.DocCount) ?? double.NaN;
            sum += double.IsFinite(value) ? value : 0;
            bucket.Subs.Add(scope.Named(node, new NumbersResult(("value", sum))));
        }
    }

    private static void Derivative(AggregationScope scope, AggregationNode node, PipelineAggregation pipeline, BucketsResult result)
    {
        var path = BucketPath.Parse(pipeline.Path);
        double? last = null;
        double lastPosition = 0;
        foreach (var bucket in result.Buckets)
        {
            var value = Value(pipeline, path, bucket);
            if (last is { } before)
            {
                var difference = double.IsFinite(value) && double.IsFinite(before) ? value - before : (double?)null;
                if (pipeline.Unit > 0)
                {
                    var steps = (bucket.Position - lastPosition) / pipeline.Unit;
                    bucket.Subs.Add(scope.Named(node, new NumbersResult(("value", difference), ("normalized_value", difference / steps))));
                }
                else
                {
                    bucket.Subs.Add(scope.Named(node, new NumbersResult(("value", difference))));
                }
            }

            last = value;
            lastPosition = bucket.Position;
        }
    }

    private static void SerialDifference(AggregationScope scope, AggregationNode node, PipelineAggregation pipeline, BucketsResult result)
    {
        var path = BucketPath.Parse(pipeline.Path);
        var values = result.Buckets.ConvertAll(b => Value(pipeline, path, b));
        for (var i = pipeline.Lag; i < values.Count; i++)
        {
            if (double.IsFinite(values[i]) && double.IsFinite(values[i - pipeline.Lag]))
            {
                result.Buckets[i].Subs.Add(scope.Named(node, new NumbersResult(("value", values[i] - values[i - pipeline.Lag]))));
            }
        }
    }

    private static void Sort(BucketSortAggregation sort, BucketsResult result)
    {
        var buckets = result.Buckets;
        if (sort.Sort.Count > 0)
        {
            // Buckets without the value go.
            buckets.RemoveAll(b => sort.Sort.All(o => o.Path is not ("_key" or "_count") && BucketPath.Parse(o.Path).Value(b.Subs, b.DocCount) is null or double.NaN));
            BucketSorting.Sort(buckets, sort.Sort);
        }

        if (sort.From > 0)
        {
            buckets.RemoveRange(0, Math.Min(sort.From, buckets.Count));
        }

        if (sort.Size is { } size && buckets.Count > size)
        {
            buckets.RemoveRange(size, buckets.Count - size);
        }
    }
}
