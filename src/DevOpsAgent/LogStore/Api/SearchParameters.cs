using System.Text.Json;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Api;

/// <summary>A search from its body and the parameters of its URL: those of the URL count.</summary>
internal static class SearchParameters
{
    public static readonly string[] Known =
    [
        "q", "df", "default_operator", "lenient", "analyze_wildcard", "analyzer", "size", "from", "sort", "_source", "_source_includes", "_source_excludes", "track_total_hits", "track_scores",
        "rest_total_hits_as_int", "scroll", "ignore_unavailable", "allow_no_indices", "expand_wildcards", "ignore_throttled", "terminate_after", "timeout", "typed_keys", "preference", "routing",
        "request_cache", "batched_reduce_size", "version", "seq_no_primary_term", "search_type", "max_concurrent_shard_requests", "pre_filter_shard_size", "ccs_minimize_roundtrips", "stored_fields",
        "docvalue_fields", "explain", "allow_partial_search_results", "min_compatible_shard_node",
    ];

    public static SearchRequest Read(ApiCall call)
    {
        call.Only(Known);
        var request = call.Json() is { } body ? SearchRequestParser.Parse(body) : new SearchRequest();
        if (call.Flag("explain"))
        {
            throw DslException.NotSupported("explain");
        }

        foreach (var name in new[] { "search_type", "docvalue_fields", "stored_fields" })
        {
            if (call.Text(name) is { } value && !(name == "search_type" && value == "query_then_fetch") && !(name == "stored_fields" && value == "_none_"))
            {
                throw DslException.NotSupported($"parameter {name}");
            }
        }

        if (call.Text("q") is { } text)
        {
            request = request with { Query = Text(call, text) };
        }

        request = call.Int("size") is { } size ? request with { Size = SearchRequestParser.NotNegative("size", size) } : request;
        request = call.Int("from") is { } from ? request with { From = SearchRequestParser.NotNegative("from", from) } : request;
        request = call.Int("terminate_after") is { } after ? request with { TerminateAfter = after } : request;
        request = call.Text("sort") is { } sort ? request with { Sort = SortParser.ParseText(sort) } : request;
        request = call.Text("stored_fields") is "_none_" ? request with { NoStoredFields = true, Source = SourceFilter.None } : request;
        request = request with
        {
            Source = Source(call, request.Source),
            TypedKeys = call.Flag("typed_keys"),
            TrackScores = call.Flag("track_scores", request.TrackScores),
            Version = call.Flag("version", request.Version),
            SeqNoPrimaryTerm = call.Flag("seq_no_primary_term", request.SeqNoPrimaryTerm),
        };
        if (call.Text("track_total_hits") is { } track)
        {
            request = request with { TrackTotalHits = track is "true" or "" ? -1 : track == "false" ? 0 : SearchRequestParser.TrackTotal(DslJson.Int(track)) };
        }

        if (call.Flag("rest_total_hits_as_int"))
        {
            // A plain number can't say "at least": it is always exact.
            request = call.Text("track_total_hits") is null && !HasTrack(call) ? request with { TrackTotalHits = -1 }
                : request.TrackTotalHits > 0 ? throw DslException.Argument($"[rest_total_hits_as_int] cannot be used if the tracking of total hits is not accurate, got {request.TrackTotalHits}") : request;
        }

        return request;
    }

    private static bool HasTrack(ApiCall call) => call.Json() is { ValueKind: JsonValueKind.Object } body && body.TryGetProperty("track_total_hits", out _);

    public static QueryStringQuery Text(ApiCall call, string text) => new(text)
    {
        Fields = call.Text("df") is { } field ? [WeightedField.Parse(field)] : [],
        DefaultAnd = call.Text("default_operator") is { } op && op.Equals("AND", StringComparison.OrdinalIgnoreCase),
        Lenient = call.Flag("lenient"),
        AnalyzeWildcard = call.Flag("analyze_wildcard"),
    };

    public static SourceFilter Source(ApiCall call, SourceFilter source)
    {
        if (call.Text("_source") is { } text)
        {
            source = text switch
            {
                "true" or "" => SourceFilter.All,
                "false" => SourceFilter.None,
                _ => new(true, text.Split(','), []),
            };
        }

        if (call.Text("_source_includes") is { } includes)
        {
            source = source with { Fetch = true, Includes = includes.Split(',') };
        }

        return call.Text("_source_excludes") is { } excludes ? source with { Fetch = true, Excludes = excludes.Split(',') } : source;
    }
}
