namespace DevOpsAgent.Logs.Query;

/// <summary>The time that a query must lie in by its own ranges: those that every hit has to pass.</summary>
internal static class QueryTime
{
    /// <returns>UTC milliseconds, both included; null: not bounded on that side.</returns>
    public static (long? Low, long? High) Of(QueryNode? query, string field, long now)
    {
        switch (query)
        {
            case RangeQuery range when range.Field == field: return Bounds(range, now);
            case ConstantScoreQuery constant: return Of(constant.Filter, field, now);
            case BoolQuery clauses:
                long? low = null;
                long? high = null;
                foreach (var clause in clauses.Must.Concat(clauses.Filter))
                {
                    var (from, to) = Of(clause, field, now);
                    low = from is { } l && (low is null || l > low) ? l : low;
                    high = to is { } h && (high is null || h < high) ? h : high;
                }

                return (low, high);
            default: return (null, null);
        }
    }

    private static (long? Low, long? High) Bounds(RangeQuery range, long now)
    {
        var format = range.Format is { } text ? new DateFormat(text) : DateFormat.Default;
        var zone = TimeZones.Find(range.TimeZone);
        return (range.From is { } from ? DateMath.Parse(from.Text, format, !range.IncludeFrom, zone, now) + (range.IncludeFrom ? 0 : 1) : null,
            range.To is { } to ? DateMath.Parse(to.Text, format, range.IncludeTo, zone, now) - (range.IncludeTo ? 0 : 1) : null);
    }
}
