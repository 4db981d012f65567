using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>What Elasticsearch calls the results of aggregations, for clients that read them by type (<c>typed_keys</c>).</summary>
internal static class TypeName
{
    public static string Of(AggregationBody body, AggregationScope scope) => body switch
    {
        TermsAggregation a => Prefix(scope.Field(a.Field)) is { } prefix ? prefix + "terms" : "umterms",
        RareTermsAggregation a => Prefix(scope.Field(a.Field)) is { } prefix ? prefix + "rareterms" : "umrareterms",
        SignificantTermsAggregation a => Prefix(scope.Field(a.Field)) is { } prefix ? $"sig{prefix}terms" : "umsigterms",
        PercentilesAggregation a => $"tdigest_{a.Kind}",
        PipelineAggregation { Kind: "cumulative_sum" or "avg_bucket" or "sum_bucket" or "serial_diff" } => "simple_value",
        PipelineAggregation { Kind: "max_bucket" or "min_bucket" } => "bucket_metric_value",
        PipelineAggregation { Kind: "derivative", Unit: 0 } => "simple_value",
        _ => body.Kind,
    };

    private static string? Prefix(FieldMapping? field) => field switch
    {
        null => null,
        { Type: var type } when type.IsText() => "s",
        { Type: var type } when type.IsFraction() => "d",
        _ => "l",
    };
}
