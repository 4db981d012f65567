namespace DevOpsAgent.Logs.Query;

/// <summary>How many buckets aggregations may come to, at worst.</summary>
internal static class QueryCost
{
    /// <param name="span">Milliseconds that the query looks at; null: unknown.</param>
    public static long Buckets(IReadOnlyList<AggregationNode> nodes, long? span)
    {
        long sum = 0;
        foreach (var node in nodes.Where(static n => n.Body.HasBuckets))
        {
            var own = Own(node.Body, span);
            sum = Capped(sum + Capped(own * Math.Max(1, Buckets(node.Subs, span))));
        }

        return sum;
    }

    private static long Capped(long number) => Math.Clamp(number, 0, int.MaxValue);

    private static long Own(AggregationBody body, long? span) => body switch
    {
        TermsAggregation a => a.Size,
        SignificantTermsAggregation a => a.Size,
        MultiTermsAggregation a => a.Size,
        CompositeAggregation a => a.Size,
        FiltersAggregation a => a.Filters.Count + 1,
        RangeAggregation a => a.Ranges.Count,
        DateHistogramAggregation a => span is { } millis ? (millis / Step(a)) + 2 : int.MaxValue,
        HistogramAggregation a => a.HardBounds is { Min: { } min, Max: { } max } ? (long)Math.Min(int.MaxValue, ((max - min) / a.Interval) + 1) : a.Interval >= 1 ? 1000 : int.MaxValue,
        RareTermsAggregation => 1000,
        IpPrefixAggregation => 1000,
        _ => 1,
    };

    private static long Step(DateHistogramAggregation a) => a.Calendar switch
    {
        null => Math.Max(1, a.Fixed),
        CalendarInterval.Second => 1000,
        CalendarInterval.Minute => 60_000,
        CalendarInterval.Hour => 3_600_000,
        CalendarInterval.Day => CivilTime.DayMillis,
        CalendarInterval.Week => 7 * CivilTime.DayMillis,
        CalendarInterval.Month => 28 * CivilTime.DayMillis,
        CalendarInterval.Quarter => 90 * CivilTime.DayMillis,
        _ => 365 * CivilTime.DayMillis,
    };
}
