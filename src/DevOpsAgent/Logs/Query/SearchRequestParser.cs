using System.Text.Json;

namespace DevOpsAgent.Logs.Query;

/// <summary>The body of <c>_search</c> to our tree; what Elasticsearch knows and this store doesn't is refused by its name.</summary>
internal static class SearchRequestParser
{
    /// <summary>Keys of a search that aren't answered here.</summary>
    private static readonly HashSet<string> Refused = new(StringComparer.Ordinal)
    {
        "script_fields", "runtime_mappings", "rescore", "suggest", "slice", "knn", "rank", "retriever", "ext", "profile", "min_compatible_shard_node", "derived", "search_pipeline",
    };

    public static SearchRequest Parse(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            throw DslException.Parsing($"Expected [START_OBJECT] but found [{DslJson.TokenName(body)}]");
        }

        var request = new SearchRequest();
        foreach (var p in body.EnumerateObject())
        {
            request = Take(request, p);
        }

        return request;
    }

    private static SearchRequest Take(SearchRequest request, JsonProperty p)
    {
        var v = p.Value;
        var kind = v.ValueKind;
        var scalar = DslJson.IsScalar(v);
        return p.Name switch
        {
            "from" when scalar => request with { From = NotNegative("from", DslJson.Int(v)) },
            "size" when scalar => request with { Size = NotNegative("size", DslJson.Int(v)) },
            "timeout" when scalar => Timeout(request, DslJson.Text(v)),
            "terminate_after" when scalar => request with { TerminateAfter = DslJson.Int(v) is >= 0 and var after ? after : throw DslException.Argument("terminateAfter must be > 0") },
            "min_score" when scalar => request with { MinScore = (float)DslJson.Double(v) },
            "version" when scalar => request with { Version = DslJson.Flag(v) },
            "seq_no_primary_term" when scalar => request with { SeqNoPrimaryTerm = DslJson.Flag(v) },
            "explain" when scalar => DslJson.Flag(v) ? throw DslException.NotSupported("explain") : request,
            "profile" when scalar => DslJson.Flag(v) ? throw DslException.NotSupported("profile") : request,
            "track_scores" when scalar => request with { TrackScores = DslJson.Flag(v) },
            "include_named_queries_score" when scalar => DslJson.Flag(v) ? throw DslException.NotSupported("include_named_queries_score") : request,
            "track_total_hits" when scalar => request with { TrackTotalHits = TrackTotal(v) },
            "_source" => request with { Source = Source(v) },
            "stored_fields" => StoredFields(request, v),
            "sort" when kind != JsonValueKind.Null => request with { Sort = SortParser.Parse(v) },
            "query" when kind == JsonValueKind.Object => request with { Query = QueryParser.Parse(v) },
            "post_filter" when kind == JsonValueKind.Object => request with { PostFilter = QueryParser.Parse(v) },
            "aggs" or "aggregations" when kind == JsonValueKind.Object => request with { Aggregations = AggregationParser.Parse(v) },
            "search_after" when kind == JsonValueKind.Array => request with { SearchAfter = After(v) },
            "fields" when kind == JsonValueKind.Array => request with { Fields = Picks(v) },
            "docvalue_fields" when kind == JsonValueKind.Array => request with { DocValueFields = Picks(v) },
            "highlight" when kind == JsonValueKind.Object => request with { Highlight = HighlightParser.Parse(v) },
            "collapse" when kind == JsonValueKind.Object => request with { CollapseField = Collapse(v) },
            "pit" when kind == JsonValueKind.Object => request with { PitId = Pit(v) },
            "indices_boost" when kind is JsonValueKind.Array or JsonValueKind.Object => request with { IndexBoosts = Boosts(v) },
            "stats" when kind == JsonValueKind.Array => request,
            _ when Refused.Contains(p.Name) => throw DslException.NotSupported(p.Name),
            _ => throw DslException.Parsing($"Unknown key for a {DslJson.TokenName(v)} in [{p.Name}]."),
        };
    }

    /// <summary>Searches here are short: the bound is read, so that a wrong one is an error, and never reached.</summary>
    private static SearchRequest Timeout(SearchRequest request, string text)
    {
        TimeInterval.Millis(text, "timeout");
        return request;
    }

    /// <summary>top_hits takes a part of a search's keys.</summary>
    public static SearchRequest TopHits(JsonElement body)
    {
        var request = new SearchRequest { Size = 3 };
        foreach (var p in body.EnumerateObject())
        {
            request = p.Name switch
            {
                "from" or "size" or "sort" or "_source" or "version" or "seq_no_primary_term" or "track_scores" or "fields" or "docvalue_fields" or "stored_fields" or "explain" => Take(request, p),
                "script_fields" or "highlight" => throw DslException.NotSupported($"top_hits.{p.Name}"),
                _ => throw DslException.Parsing($"Unknown key for a {DslJson.TokenName(p.Value)} in [top_hits]: [{p.Name}]."),
            };
        }

        return request;
    }

    public static int NotNegative(string key, int number) => number >= 0 ? number : throw DslException.Argument($"[{key}] parameter cannot be negative, found [{number}]");

    private static int TrackTotal(JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False || (value.ValueKind == JsonValueKind.String && value.GetString() is "true" or "false"))
        {
            return DslJson.Flag(value) ? -1 : 0;
        }

        return TrackTotal(DslJson.Int(value));
    }

    public static int TrackTotal(int number) => number >= -1 ? number : throw DslException.Argument($"[track_total_hits] parameter must be positive or equals to -1, got {number}");

    public static SourceFilter Source(JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False || (value.ValueKind == JsonValueKind.String && value.GetString() is "true" or "false"))
        {
            return DslJson.Flag(value) ? SourceFilter.All : SourceFilter.None;
        }

        if (value.ValueKind is JsonValueKind.String or JsonValueKind.Array)
        {
            return new(true, Patterns(value), []);
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw DslException.Parsing($"Expected one of [VALUE_BOOLEAN, VALUE_STRING, START_ARRAY, START_OBJECT] but found [{DslJson.TokenName(value)}]");
        }

        var filter = SourceFilter.All;
        foreach (var p in value.EnumerateObject())
        {
            filter = p.Name switch
            {
                "includes" or "include" => filter with { Includes = Patterns(p.Value) },
                "excludes" or "exclude" => filter with { Excludes = Patterns(p.Value) },
                _ => throw DslException.Parsing($"Unknown key for a {DslJson.TokenName(p.Value)} in [{p.Name}]."),
            };
        }

        return filter;
    }

    private static IReadOnlyList<string> Patterns(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.EnumerateArray().Any(static e => e.ValueKind != JsonValueKind.String)
            ? throw DslException.Parsing("Unknown key for a START_ARRAY in [_source].")
            : value.ValueKind is JsonValueKind.String or JsonValueKind.Array ? DslJson.Texts(value) : throw DslException.Parsing($"Unknown key for a {DslJson.TokenName(value)} in [_source].");

    private static SearchRequest StoredFields(SearchRequest request, JsonElement value)
    {
        var names = value.ValueKind is JsonValueKind.Array or JsonValueKind.String ? DslJson.Texts(value) : throw DslException.Parsing("Expected [VALUE_STRING] or [START_ARRAY] in [stored_fields]");
        return names is ["_none_"] ? request with { NoStoredFields = true, Source = SourceFilter.None }
            : names.All(static n => n is "_source" or "_id") ? request with { Source = names.Contains("_source", StringComparer.Ordinal) ? request.Source : SourceFilter.None }
            : throw DslException.NotSupported("stored_fields");
    }

    private static IReadOnlyList<FieldPick> Picks(JsonElement value) => [.. value.EnumerateArray().Select(static e =>
    {
        if (e.ValueKind == JsonValueKind.String)
        {
            return new FieldPick(e.GetString()!, null);
        }

        string? field = null;
        string? format = null;
        foreach (var p in e.ValueKind == JsonValueKind.Object ? e.EnumerateObject() : throw DslException.Parsing($"Expected [VALUE_STRING] or [START_OBJECT] in [fields] but found [{DslJson.TokenName(e)}]"))
        {
            switch (p.Name)
            {
                case "field": field = DslJson.Text(p.Value); break;
                case "format": format = p.Value.ValueKind == JsonValueKind.Null ? null : DslJson.Text(p.Value); break;
                case "include_unmapped": break;
                default: throw DslException.Content($"[fields] unknown field [{p.Name}]");
            }
        }

        return field is null ? throw DslException.Argument("Required [field]") : new FieldPick(field, format);
    })];

    private static IReadOnlyList<Literal> After(JsonElement value)
    {
        IReadOnlyList<Literal> values = [.. value.EnumerateArray().Select(Literal.Of)];
        return values.Count > 0 ? values : throw DslException.Argument("Values must contains at least one value.");
    }

    private static string Collapse(JsonElement value)
    {
        string? field = null;
        foreach (var p in value.EnumerateObject())
        {
            switch (p.Name)
            {
                case "field": field = DslJson.Text(p.Value); break;
                case "inner_hits" or "max_concurrent_group_searches": throw DslException.NotSupported("collapse.inner_hits");
                default: throw DslException.Content($"[collapse] unknown field [{p.Name}]");
            }
        }

        return field ?? throw DslException.Argument("Required [field]");
    }

    private static string Pit(JsonElement value)
    {
        string? id = null;
        foreach (var p in value.EnumerateObject())
        {
            switch (p.Name)
            {
                case "id": id = DslJson.Text(p.Value); break;
                case "keep_alive": TimeInterval.Millis(DslJson.Text(p.Value), "keep_alive"); break;
                default: throw DslException.Content($"[pit] unknown field [{p.Name}]");
            }
        }

        return id ?? throw DslException.Argument("Required [id]");
    }

    private static IReadOnlyList<(string, float)> Boosts(JsonElement value) =>
        [.. (value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().SelectMany(static e => e.EnumerateObject()) : value.EnumerateObject()).Select(static p => (p.Name, (float)DslJson.Double(p.Value)))];
}
