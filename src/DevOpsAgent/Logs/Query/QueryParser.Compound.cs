using System.Text.Json;

namespace DevOpsAgent.Logs.Query;

/// <summary>Queries made of queries.</summary>
internal static partial class QueryParser
{
    private static readonly string[] BoolKeys = ["must", "filter", "should", "must_not", "mustNot", "minimum_should_match", "boost", "_name"];

    private static BoolQuery Bool(JsonElement body, int depth)
    {
        var query = new BoolQuery();
        var boost = 1f;
        string? name = null;
        foreach (var p in body.EnumerateObject())
        {
            switch (p.Name)
            {
                case "must": query = query with { Must = [.. query.Must, .. Clauses(p, depth)] }; break;
                case "filter": query = query with { Filter = [.. query.Filter, .. Clauses(p, depth)] }; break;
                case "should": query = query with { Should = [.. query.Should, .. Clauses(p, depth)] }; break;
                case "must_not" or "mustNot": query = query with { MustNot = [.. query.MustNot, .. Clauses(p, depth)] }; break;
                case "minimum_should_match": query = query with { MinimumShouldMatch = DslJson.Text(p.Value) }; break;
                case "adjust_pure_negative": DslJson.Flag(p.Value); break;
                default:
                    if (!TryOption(p.Name, p.Value, ref boost, ref name))
                    {
                        throw DslException.Content($"[bool] unknown field [{p.Name}]{Spelling.Hint(p.Name, BoolKeys)}");
                    }

                    break;
            }
        }

        return query with { Boost = boost, Name = name };
    }

    /// <summary>One query or a list of them. What is wrong inside is wrapped: Elasticsearch reports the clause's key, the cause below it.</summary>
    private static List<QueryNode> Clauses(JsonProperty property, int depth)
    {
        try
        {
            return property.Value.ValueKind switch
            {
                JsonValueKind.Array => [.. property.Value.EnumerateArray().Select(e => Parse(e, depth + 1))],
                JsonValueKind.Object => [Parse(property.Value, depth + 1)],
                _ => throw DslException.Content($"[bool] {property.Name} doesn't support values of type: {DslJson.TokenName(property.Value)}"),
            };
        }
        catch (DslException e) when (e.Type != "unsupported_operation_exception" && property.Value.ValueKind is JsonValueKind.Array or JsonValueKind.Object)
        {
            throw DslException.Content($"[bool] failed to parse field [{property.Name}]", e);
        }
    }

    private static ConstantScoreQuery ConstantScore(JsonElement body, int depth)
    {
        QueryNode? filter = null;
        var boost = 1f;
        string? name = null;
        foreach (var p in body.EnumerateObject())
        {
            if (p.Name == "filter" && p.Value.ValueKind == JsonValueKind.Object)
            {
                filter = filter is null ? Parse(p.Value, depth + 1) : throw DslException.Parsing("[constant_score] accepts only one 'filter' element.");
            }
            else if (!DslJson.IsScalar(p.Value))
            {
                throw DslException.Parsing($"unexpected token [{DslJson.TokenName(p.Value)}]");
            }
            else if (!TryOption(p.Name, p.Value, ref boost, ref name))
            {
                throw NotSupportedKey("constant_score", p.Name);
            }
        }

        return filter is null ? throw DslException.Parsing("[constant_score] requires a 'filter' element") : new(filter) { Boost = boost, Name = name };
    }

    private static BoostingQuery Boosting(JsonElement body, int depth)
    {
        QueryNode? positive = null;
        QueryNode? negative = null;
        float? negativeBoost = null;
        var boost = 1f;
        string? name = null;
        foreach (var p in body.EnumerateObject())
        {
            switch (p.Name)
            {
                case "positive": positive = Parse(p.Value, depth + 1); break;
                case "negative": negative = Parse(p.Value, depth + 1); break;
                case "negative_boost": negativeBoost = (float)DslJson.Double(p.Value); break;
                default:
                    if (!TryOption(p.Name, p.Value, ref boost, ref name))
                    {
                        throw NotSupportedKey("boosting", p.Name);
                    }

                    break;
            }
        }

        return positive is null ? throw DslException.Parsing("[boosting] query requires 'positive' query to be set'")
            : negative is null ? throw DslException.Parsing("[boosting] query requires 'negative' query to be set'")
            : negativeBoost is not >= 0 ? throw DslException.Parsing("[boosting] query requires 'negative_boost' to be set to be a positive value'")
            : new(positive, negative, negativeBoost.Value) { Boost = boost, Name = name };
    }

    private static DisMaxQuery DisMax(JsonElement body, int depth)
    {
        List<QueryNode> queries = [];
        var tie = 0f;
        var boost = 1f;
        string? name = null;
        foreach (var p in body.EnumerateObject())
        {
            switch (p.Name)
            {
                case "queries": queries = p.Value.ValueKind == JsonValueKind.Array ? [.. p.Value.EnumerateArray().Select(e => Parse(e, depth + 1))] : [Parse(p.Value, depth + 1)]; break;
                case "tie_breaker": tie = (float)DslJson.Double(p.Value); break;
                default:
                    if (!TryOption(p.Name, p.Value, ref boost, ref name))
                    {
                        throw NotSupportedKey("dis_max", p.Name);
                    }

                    break;
            }
        }

        return queries.Count == 0 ? throw DslException.Parsing("[dis_max] requires 'queries' field with at least one clause") : new(queries, tie) { Boost = boost, Name = name };
    }

    private static FunctionScoreQuery FunctionScore(JsonElement body, int depth)
    {
        var query = new FunctionScoreQuery(new MatchAllQuery(), []);
        var boost = 1f;
        string? name = null;
        float? weight = null;
        foreach (var p in body.EnumerateObject())
        {
            switch (p.Name)
            {
                case "query": query = query with { Query = Parse(p.Value, depth + 1) }; break;
                case "functions": query = query with { Functions = [.. p.Value.EnumerateArray().Select(e => Function(e, depth))] }; break;
                case "score_mode": query = query with { ScoreMode = Mode(p, ["multiply", "sum", "avg", "first", "max", "min"]) }; break;
                case "boost_mode": query = query with { BoostMode = Mode(p, ["multiply", "replace", "sum", "avg", "max", "min"]) }; break;
                case "max_boost": query = query with { MaxBoost = (float)DslJson.Double(p.Value) }; break;
                case "min_score": query = query with { MinScore = (float)DslJson.Double(p.Value) }; break;
                case "weight": weight = (float)DslJson.Double(p.Value); break;
                case "script_score" or "random_score" or "field_value_factor" or "gauss" or "linear" or "exp": throw DslException.NotSupported($"function_score.{p.Name}");
                default:
                    if (!TryOption(p.Name, p.Value, ref boost, ref name))
                    {
                        throw DslException.Parsing($"field [{p.Name}] is not supported in [function_score]");
                    }

                    break;
            }
        }

        if (weight is { } single)
        {
            query = query.Functions.Count == 0 ? query with { Functions = [new(new MatchAllQuery(), single)] }
                : throw DslException.Parsing("failed to parse [function_score] query. already found [functions] array, now encountering [weight].");
        }

        return query with { Boost = boost, Name = name };
    }

    private static string Mode(JsonProperty property, string[] known) =>
        DslJson.Text(property.Value) is var mode && known.Contains(mode, StringComparer.Ordinal) ? mode : throw DslException.Argument($"illegal {property.Name} [{mode}]");

    private static ScoreFunction Function(JsonElement element, int depth)
    {
        QueryNode filter = new MatchAllQuery();
        float? weight = null;
        foreach (var p in element.EnumerateObject())
        {
            switch (p.Name)
            {
                case "filter": filter = Parse(p.Value, depth + 1); break;
                case "weight": weight = (float)DslJson.Double(p.Value); break;
                default: throw DslException.NotSupported($"function_score.{p.Name}");
            }
        }

        return weight is { } found ? new(filter, found) : throw DslException.Parsing("an entry in functions list is missing a function.");
    }
}
