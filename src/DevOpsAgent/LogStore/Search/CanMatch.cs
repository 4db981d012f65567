using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Search;

/// <summary>
/// Which indexes can't have a hit, known from mappings and bounds alone. Elasticsearch tells how many it skipped so, when a
/// search over several is sorted by a field.
/// </summary>
internal static class CanMatch
{
    public static int Skipped(IReadOnlyList<IndexView> views, SearchRequest request, long now)
    {
        if (views.Count < 2 || request.Sort.Count == 0 || request.Sort[0].IsScore || request.Sort[0].IsDoc || request.Query is null || VisitsAll(request.Aggregations))
        {
            return 0;
        }

        // One index always answers, for the form of the result.
        return Math.Min(views.Count(v => IsNone(v, request.Query, now)), views.Count - 1);
    }

    private static bool VisitsAll(IReadOnlyList<AggregationNode> nodes) =>
        nodes.Any(static n => n.Body is GlobalAggregation or TermsAggregation { MinDocCount: 0 } or FiltersAggregation { OtherKey: not null } or MissingAggregation || VisitsAll(n.Subs));

    private static bool IsNone(IndexView view, QueryNode query, long now) => query switch
    {
        MatchNoneQuery => true,
        TermQuery q => IsUnmapped(view, q.Field),
        TermsQuery q => q.Values.Count == 0 || IsUnmapped(view, q.Field),
        PrefixQuery q => IsUnmapped(view, q.Field),
        WildcardQuery q => IsUnmapped(view, q.Field),
        ExistsQuery q => IsUnmapped(view, q.Field) && !view.Index.Mapping.IsObject(q.Field) && !NamePattern.HasWildcard(q.Field),
        MatchQuery { Kind: MatchKind.Terms } q => IsUnmapped(view, q.Field),
        RangeQuery q => IsUnmapped(view, q.Field) || IsOutside(view, q, now),
        ConstantScoreQuery q => IsNone(view, q.Filter, now),
        BoolQuery q => q.Must.Concat(q.Filter).Any(c => IsNone(view, c, now)),
        _ => false,
    };

    private static bool IsUnmapped(IndexView view, string field) => field[0] != '_' && view.Find(field) is null;

    private static bool IsOutside(IndexView view, RangeQuery range, long now)
    {
        if (view.Find(range.Field) is not { Type: FieldType.Date })
        {
            return false;
        }

        var weight = new QueryCompiler(view, now, scores: false).Compile(range with { Name = null });
        return Enumerable.Range(0, view.Segments.Length).All(s => weight.Matches(s).Count() == 0) && !IsBetween(view, range);
    }

    /// <summary>Nothing is in the range, but it lies between dates that are there: Elasticsearch only looks at the first and the last.</summary>
    private static bool IsBetween(IndexView view, RangeQuery range)
    {
        var low = new QueryCompiler(view, 0, scores: false).Compile(range with { To = null });
        var high = new QueryCompiler(view, 0, scores: false).Compile(range with { From = null });
        return Enumerable.Range(0, view.Segments.Length).Any(s => low.Matches(s).Count() > 0) && Enumerable.Range(0, view.Segments.Length).Any(s => high.Matches(s).Count() > 0);
    }
}
