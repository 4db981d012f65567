using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>A path to a number below a bucket: <c>status&gt;slow.max</c>, <c>stats[avg]</c>, <c>_count</c>.</summary>
internal sealed record BucketPath(string[] Steps, string Property)
{
    public static BucketPath Parse(string text)
    {
        var steps = text.Split('>', StringSplitOptions.TrimEntries);
        var last = steps[^1];
        var property = "value";
        if (last.EndsWith(']') && last.IndexOf('[', StringComparison.Ordinal) is > 0 and var open)
        {
            property = last[(open + 1)..^1].Trim('\'', '"');
            steps[^1] = last[..open];
        }
        else if (last.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot)
        {
            property = last[(dot + 1)..];
            steps[^1] = last[..dot];
        }

        return new(steps, property);
    }

    /// <summary>Null where there is nothing at the path; NaN where it is empty.</summary>
    public double? Value(IReadOnlyList<NamedResult> results, long docCount)
    {
        if (Steps is ["_count"])
        {
            return docCount;
        }

        for (var i = 0; i < Steps.Length; i++)
        {
            var found = results.FirstOrDefault(r => r.Node.Name == Steps[i]);
            if (found is null)
            {
                return null;
            }

            if (i == Steps.Length - 1)
            {
                return found.Result is SingleResult single ? single.DocCount : found.Result is BucketsResult buckets && Property == "_bucket_count" ? buckets.Buckets.Count : found.Result.Number(Property);
            }

            if (found.Result is not SingleResult inner)
            {
                return null;
            }

            if (Steps[i + 1] == "_count")
            {
                return inner.DocCount;
            }

            results = inner.Subs;
        }

        return null;
    }

    public DslException Missing() => DslException.Shard("illegal_argument_exception", $"Invalid aggregation order path [{string.Join('>', Steps)}]. Cannot find aggregation named [{Steps[0]}]");
}
