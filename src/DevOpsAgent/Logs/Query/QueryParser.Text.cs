using System.Text.Json;

namespace DevOpsAgent.Logs.Query;

/// <summary>Queries that analyse text, and the two query languages.</summary>
internal static partial class QueryParser
{
    private static MatchQuery Match(string kind, JsonElement body, MatchKind matchKind)
    {
        string? field = null;
        JsonElement? value = null;
        var query = new MatchQuery("", Literal.Null) { Kind = matchKind };
        var boost = 1f;
        string? name = null;
        foreach (var p in body.EnumerateObject())
        {
            if (field is not null)
            {
                throw DslException.Parsing($"[{kind}] query doesn't support multiple fields, found [{field}] and [{p.Name}]");
            }

            field = p.Name;
            if (p.Value.ValueKind != JsonValueKind.Object)
            {
                value = p.Value;
                continue;
            }

            foreach (var o in p.Value.EnumerateObject())
            {
                if (o.Name == "query")
                {
                    value = DslJson.IsScalar(o.Value) ? o.Value : throw DslException.Parsing($"[{kind}] unknown token [{DslJson.TokenName(o.Value)}] after [query]");
                }
                else if (!TryOption(o.Name, o.Value, ref boost, ref name) && !TryMatchOption(o.Name, o.Value, ref query))
                {
                    throw NotSupportedKey(kind, o.Name);
                }
            }
        }

        return field is null ? throw DslException.Argument($"[{kind}] requires fieldName")
            : value is not { ValueKind: not JsonValueKind.Null } found ? throw (value is null ? DslException.Parsing("No text specified for text query") : DslException.Argument($"[{kind}] requires query value"))
            : query with { Field = field, Value = Literal.Of(found), Boost = boost, Name = name };
    }

    private static bool TryMatchOption(string key, JsonElement value, ref MatchQuery query)
    {
        switch (key)
        {
            case "operator": query = query with { AllTerms = IsAnd(value) }; return true;
            case "minimum_should_match": query = query with { MinimumShouldMatch = DslJson.Text(value) }; return true;
            case "fuzziness": query = query with { Fuzziness = Fuzziness(value) }; return true;
            case "prefix_length": query = query with { PrefixLength = DslJson.Int(value) }; return true;
            case "max_expansions": query = query with { MaxExpansions = DslJson.Int(value) }; return true;
            case "fuzzy_transpositions": query = query with { Transpositions = DslJson.Flag(value) }; return true;
            case "slop": query = query with { Slop = DslJson.Int(value) }; return true;
            case "lenient": query = query with { Lenient = DslJson.Flag(value) }; return true;
            case "auto_generate_synonyms_phrase_query": DslJson.Flag(value); return true;
            case "fuzzy_rewrite": return true;
            case "zero_terms_query":
                query = query with { ZeroTermsAll = DslJson.Text(value).ToUpperInvariant() switch { "ALL" => true, "NONE" => false, var other => throw DslException.Parsing($"Unsupported zero_terms_query value [{other}]") } };
                return true;
            case "analyzer":
                return DslJson.Text(value) is "standard" ? true : throw DslException.NotSupported($"analyzer {DslJson.Text(value)}");
            default:
                return false;
        }
    }

    private static bool IsAnd(JsonElement value) => DslJson.Text(value).ToUpperInvariant() switch
    {
        "AND" => true,
        "OR" => false,
        var other => throw DslException.Argument($"No enum constant org.elasticsearch.index.query.Operator.{other}"),
    };

    private static MultiMatchQuery MultiMatch(JsonElement body)
    {
        JsonElement? value = null;
        IReadOnlyList<WeightedField> fields = [];
        var options = new MatchQuery("", Literal.Null);
        var type = "best_fields";
        float? tie = null;
        var boost = 1f;
        string? name = null;
        foreach (var p in body.EnumerateObject())
        {
            switch (p.Name)
            {
                case "query": value = p.Value; break;
                case "fields": fields = Fields(p.Value); break;
                case "type": type = MatchType(DslJson.Text(p.Value)); break;
                case "tie_breaker": tie = (float)DslJson.Double(p.Value); break;
                default:
                    if (!TryOption(p.Name, p.Value, ref boost, ref name) && !TryMatchOption(p.Name, p.Value, ref options))
                    {
                        throw NotSupportedKey("multi_match", p.Name);
                    }

                    break;
            }
        }

        return value is { ValueKind: not JsonValueKind.Null } found && DslJson.IsScalar(found)
            ? new(fields, Literal.Of(found)) { Type = type, TieBreaker = tie, Options = options, Boost = boost, Name = name }
            : throw DslException.Parsing("No text specified for multi_match query");
    }

    private static string MatchType(string text) => text switch
    {
        "best_fields" or "most_fields" or "phrase" or "phrase_prefix" or "bool_prefix" => text,
        "cross_fields" => throw DslException.NotSupported("multi_match cross_fields"),
        _ => throw DslException.Parsing($"failed to parse [multi_match] query type [{text}]. unknown type."),
    };

    private static IReadOnlyList<WeightedField> Fields(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(static f => WeightedField.Parse(DslJson.Text(f)))] : [WeightedField.Parse(DslJson.Text(value))];

    private static QueryStringQuery QueryString(JsonElement body)
    {
        string? text = null;
        var query = new QueryStringQuery("");
        string? defaultField = null;
        var boost = 1f;
        string? name = null;
        foreach (var p in body.EnumerateObject())
        {
            switch (p.Name)
            {
                case "query": text = DslJson.Text(p.Value); break;
                case "fields": query = query with { Fields = Fields(p.Value) }; break;
                case "default_field": defaultField = DslJson.Text(p.Value); break;
                case "default_operator": query = query with { DefaultAnd = IsAnd(p.Value) }; break;
                case "analyze_wildcard": query = query with { AnalyzeWildcard = DslJson.Flag(p.Value) }; break;
                case "allow_leading_wildcard": query = query with { AllowLeadingWildcard = DslJson.Flag(p.Value) }; break;
                case "lenient": query = query with { Lenient = DslJson.Flag(p.Value) }; break;
                case "minimum_should_match": query = query with { MinimumShouldMatch = DslJson.Text(p.Value) }; break;
                case "time_zone": query = query with { TimeZone = Zone(DslJson.Text(p.Value)) }; break;
                case "phrase_slop": query = query with { PhraseSlop = DslJson.Int(p.Value) }; break;
                case "fuzziness": query = query with { Fuzziness = Fuzziness(p.Value) }; break;
                case "type": query = query with { Type = MatchType(DslJson.Text(p.Value)) }; break;
                case "tie_breaker": query = query with { TieBreaker = (float)DslJson.Double(p.Value) }; break;
                case "analyzer" or "quote_analyzer" when DslJson.Text(p.Value) != "standard": throw DslException.NotSupported($"analyzer {DslJson.Text(p.Value)}");
                case "quote_field_suffix": throw DslException.NotSupported("query_string.quote_field_suffix");
                case "analyzer" or "quote_analyzer" or "max_determinized_states" or "enable_position_increments" or "escape" or "rewrite" or "fuzzy_prefix_length" or "fuzzy_max_expansions"
                    or "fuzzy_rewrite" or "fuzzy_transpositions" or "auto_generate_synonyms_phrase_query":
                    if (p.Name is "escape" && DslJson.Flag(p.Value))
                    {
                        throw DslException.NotSupported("query_string.escape");
                    }

                    break;
                default:
                    if (!TryOption(p.Name, p.Value, ref boost, ref name))
                    {
                        throw NotSupportedKey("query_string", p.Name);
                    }

                    break;
            }
        }

        if (defaultField is not null)
        {
            query = query.Fields.Count == 0 ? query with { Fields = [new(defaultField, 1f)] } : throw DslException.Parsing("cannot use [fields] parameter in conjunction with [default_field]");
        }

        return text is null ? throw DslException.Parsing("[query_string] must be provided with a [query]") : query with { Query = text, Boost = boost, Name = name };
    }

    private static SimpleQueryStringQuery SimpleQueryString(JsonElement body)
    {
        string? text = null;
        var query = new SimpleQueryStringQuery("");
        var boost = 1f;
        string? name = null;
        foreach (var p in body.EnumerateObject())
        {
            switch (p.Name)
            {
                case "query": text = DslJson.Text(p.Value); break;
                case "fields": query = query with { Fields = Fields(p.Value) }; break;
                case "default_operator": query = query with { DefaultAnd = IsAnd(p.Value) }; break;
                case "lenient": query = query with { Lenient = DslJson.Flag(p.Value) }; break;
                case "flags": query = query with { Flags = DslJson.Text(p.Value) }; break;
                case "minimum_should_match": query = query with { MinimumShouldMatch = DslJson.Text(p.Value) }; break;
                case "analyzer" when DslJson.Text(p.Value) != "standard": throw DslException.NotSupported($"analyzer {DslJson.Text(p.Value)}");
                case "analyzer" or "auto_generate_synonyms_phrase_query" or "fuzzy_transpositions" or "fuzzy_prefix_length" or "fuzzy_max_expansions": break;
                case "analyze_wildcard":
                    if (DslJson.Flag(p.Value))
                    {
                        throw DslException.NotSupported("simple_query_string.analyze_wildcard");
                    }

                    break;
                case "quote_field_suffix": throw DslException.NotSupported("simple_query_string.quote_field_suffix");
                default:
                    if (!TryOption(p.Name, p.Value, ref boost, ref name))
                    {
                        throw DslException.Parsing($"[simple_query_string] unsupported field [{p.Name}]");
                    }

                    break;
            }
        }

        return text is null ? throw DslException.Parsing("[simple_query_string] query text missing") : query with { Query = text, Boost = boost, Name = name };
    }
}
