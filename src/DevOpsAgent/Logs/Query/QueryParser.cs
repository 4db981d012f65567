using System.Text.Json;

namespace DevOpsAgent.Logs.Query;

/// <summary>Query DSL to our tree. Nesting is bounded here: a deep query would otherwise cost stack in every later step.</summary>
internal static partial class QueryParser
{
    /// <summary>Elasticsearch's own bound (indices.query.bool.max_nested_depth).</summary>
    public const int MaxDepth = 30;

    /// <summary>Query kinds that Elasticsearch has and this store hasn't: refused by their names.</summary>
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "nested", "has_child", "has_parent", "parent_id", "percolate", "more_like_this", "script", "script_score", "wrapper", "terms_set", "intervals",
        "combined_fields", "common", "distance_feature", "rank_feature", "pinned", "knn", "geo_bounding_box", "geo_distance", "geo_polygon", "geo_shape", "geo_grid", "shape",
        "span_term", "span_or", "span_near", "span_not", "span_first", "span_multi", "span_containing", "span_within", "field_masking_span", "span_gap",
        "type", "sparse_vector", "semantic", "text_expansion", "weighted_tokens", "rule", "hybrid", "neural", "xy_shape",
    };

    public static IReadOnlyCollection<string> Supported { get; } =
    [
        "match_all", "match_none", "term", "terms", "range", "prefix", "wildcard", "regexp", "fuzzy", "exists", "ids", "bool", "constant_score", "boosting", "dis_max",
        "function_score", "match", "match_phrase", "match_phrase_prefix", "match_bool_prefix", "multi_match", "query_string", "simple_query_string",
    ];

    public static QueryNode Parse(JsonElement element, int depth = 0)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw DslException.Parsing("[_na] query malformed, must start with start_object");
        }

        if (depth > MaxDepth)
        {
            throw DslException.Argument($"The nested depth of the query exceeds the maximum nested depth for queries set in [indices.query.bool.max_nested_depth] of [{MaxDepth}]");
        }

        string? name = null;
        JsonElement body = default;
        foreach (var property in element.EnumerateObject())
        {
            if (name is not null)
            {
                throw DslException.Parsing($"[{name}] malformed query, expected [END_OBJECT] but found [FIELD_NAME]");
            }

            name = property.Name;
            body = property.Value;
            if (body.ValueKind != JsonValueKind.Object)
            {
                throw DslException.Parsing($"[{name}] query malformed, no start_object after query name");
            }
        }

        return name is null ? throw DslException.Argument("query malformed, empty clause found") : Parse(name, body, depth);
    }

    private static QueryNode Parse(string name, JsonElement body, int depth) => name switch
    {
        "match_all" => Options(name, body, new MatchAllQuery()),
        "match_none" => Options(name, body, new MatchNoneQuery()),
        "term" => Term(body),
        "terms" => Terms(body),
        "range" => Range(body),
        "prefix" => Prefix(body),
        "wildcard" => Wildcard(body),
        "regexp" => Regexp(body),
        "fuzzy" => Fuzzy(body),
        "exists" => Exists(body),
        "ids" => Ids(body),
        "bool" => Bool(body, depth),
        "constant_score" => ConstantScore(body, depth),
        "boosting" => Boosting(body, depth),
        "dis_max" => DisMax(body, depth),
        "function_score" => FunctionScore(body, depth),
        "match" => Match("match", body, MatchKind.Terms),
        "match_phrase" => Match("match_phrase", body, MatchKind.Phrase),
        "match_phrase_prefix" => Match("match_phrase_prefix", body, MatchKind.PhrasePrefix),
        "match_bool_prefix" => Match("match_bool_prefix", body, MatchKind.BoolPrefix),
        "multi_match" => MultiMatch(body),
        "query_string" => QueryString(body),
        "simple_query_string" => SimpleQueryString(body),
        _ when Known.Contains(name) => throw DslException.NotSupported(name),
        _ => throw DslException.Parsing($"unknown query [{name}]{Spelling.Hint(name, Supported)}"),
    };

    /// <summary>Reads <c>boost</c> and <c>_name</c>; true when <paramref name="key"/> was one of them.</summary>
    private static bool TryOption(string key, JsonElement value, ref float boost, ref string? name)
    {
        switch (key)
        {
            case "boost":
                boost = (float)DslJson.Double(value);
                return boost >= 0 ? true : throw DslException.Argument($"negative [boost] are not allowed in [query], use a value between 0 and 1 to deboost");
            case "_name":
                name = DslJson.Text(value);
                return true;
            default:
                return false;
        }
    }

    private static QueryNode Options(string kind, JsonElement body, QueryNode node)
    {
        var boost = 1f;
        string? name = null;
        foreach (var p in body.EnumerateObject())
        {
            if (!TryOption(p.Name, p.Value, ref boost, ref name))
            {
                throw Unknown(kind, p.Name);
            }
        }

        return node with { Boost = boost, Name = name };
    }

    /// <summary>The ObjectParser kinds: their unknown keys are content errors, not parse errors.</summary>
    private static DslException Unknown(string kind, string key) => DslException.Content($"[{kind}] unknown field [{key}]");

    private static DslException NotSupportedKey(string kind, string key) => DslException.Parsing($"[{kind}] query does not support [{key}]");
}
