using System.Text.Json;

namespace DevOpsAgent.Logs.Query;

/// <summary>A query of our tree as query DSL: what is sent is written from what was understood, never copied from the caller.</summary>
internal static class QueryWriter
{
    public static void Write(Utf8JsonWriter json, QueryNode query)
    {
        json.WriteStartObject();
        switch (query)
        {
            case MatchAllQuery: Named(json, "match_all", query); break;
            case MatchNoneQuery: Named(json, "match_none", query); break;
            case TermQuery q: Field(json, "term", q.Field, q, () => Value(json, "value", q.Value), ("case_insensitive", q.CaseInsensitive)); break;
            case PrefixQuery q: Field(json, "prefix", q.Field, q, () => json.WriteString("value", q.Value), ("case_insensitive", q.CaseInsensitive)); break;
            case WildcardQuery q: Field(json, "wildcard", q.Field, q, () => json.WriteString("value", q.Value), ("case_insensitive", q.CaseInsensitive)); break;
            case RegexpQuery q: Regexp(json, q); break;
            case FuzzyQuery q: Fuzzy(json, q); break;
            case RangeQuery q: Range(json, q); break;
            case TermsQuery q: Terms(json, q); break;
            case ExistsQuery q: Named(json, "exists", q, () => json.WriteString("field", q.Field)); break;
            case IdsQuery q: Named(json, "ids", q, () => Strings(json, "values", q.Values)); break;
            case BoolQuery q: Bool(json, q); break;
            case ConstantScoreQuery q: Named(json, "constant_score", q, () => Inner(json, "filter", q.Filter)); break;
            case BoostingQuery q: Boosting(json, q); break;
            case DisMaxQuery q: DisMax(json, q); break;
            case FunctionScoreQuery q: FunctionScore(json, q); break;
            case MatchQuery q: Match(json, q); break;
            case MultiMatchQuery q: MultiMatch(json, q); break;
            case QueryStringQuery q: QueryString(json, q); break;
            case SimpleQueryStringQuery q: SimpleQueryString(json, q); break;
            default: throw DslException.NotSupported(query.GetType().Name);
        }

        json.WriteEndObject();
    }

    public static void Inner(Utf8JsonWriter json, string key, QueryNode query)
    {
        json.WritePropertyName(key);
        Write(json, query);
    }

    private static void Value(Utf8JsonWriter json, string key, Literal value)
    {
        json.WritePropertyName(key);
        value.Write(json);
    }

    public static void Strings(Utf8JsonWriter json, string key, IEnumerable<string> values)
    {
        json.WriteStartArray(key);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static void Options(Utf8JsonWriter json, QueryNode query)
    {
        if (query.Boost is not 1f)
        {
            json.WritePropertyName("boost");
            json.WriteRawValue(JavaNumber.Text(query.Boost));
        }

        if (query.Name is { } name)
        {
            json.WriteString("_name", name);
        }
    }

    private static void Named(Utf8JsonWriter json, string kind, QueryNode query, Action? body = null)
    {
        json.WriteStartObject(kind);
        body?.Invoke();
        Options(json, query);
        json.WriteEndObject();
    }

    private static void Field(Utf8JsonWriter json, string kind, string field, QueryNode query, Action body, params (string Key, bool Set)[] flags)
    {
        json.WriteStartObject(kind);
        json.WriteStartObject(field);
        body();
        foreach (var (key, set) in flags)
        {
            if (set)
            {
                json.WriteBoolean(key, true);
            }
        }

        Options(json, query);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Regexp(Utf8JsonWriter json, RegexpQuery q) => Field(json, "regexp", q.Field, q, () =>
    {
        json.WriteString("value", q.Value);
        json.WriteString("flags", q.Flags);
        json.WriteNumber("max_determinized_states", q.MaxDeterminizedStates);
    }, ("case_insensitive", q.CaseInsensitive));

    private static void Fuzzy(Utf8JsonWriter json, FuzzyQuery q) => Field(json, "fuzzy", q.Field, q, () =>
    {
        json.WriteString("value", q.Value);
        json.WriteString("fuzziness", q.Fuzziness);
        json.WriteNumber("prefix_length", q.PrefixLength);
        json.WriteNumber("max_expansions", q.MaxExpansions);
        json.WriteBoolean("transpositions", q.Transpositions);
    });

    private static void Range(Utf8JsonWriter json, RangeQuery q) => Field(json, "range", q.Field, q, () =>
    {
        if (q.From is { } from)
        {
            Value(json, q.IncludeFrom ? "gte" : "gt", from);
        }

        if (q.To is { } to)
        {
            Value(json, q.IncludeTo ? "lte" : "lt", to);
        }

        if (q.Format is { } format)
        {
            json.WriteString("format", format);
        }

        if (q.TimeZone is { } zone)
        {
            json.WriteString("time_zone", zone);
        }
    });

    private static void Terms(Utf8JsonWriter json, TermsQuery q) => Named(json, "terms", q, () =>
    {
        json.WriteStartArray(q.Field);
        foreach (var value in q.Values)
        {
            value.Write(json);
        }

        json.WriteEndArray();
    });

    private static void Bool(Utf8JsonWriter json, BoolQuery q) => Named(json, "bool", q, () =>
    {
        foreach (var (key, clauses) in new[] { ("must", q.Must), ("filter", q.Filter), ("should", q.Should), ("must_not", q.MustNot) })
        {
            Queries(json, key, clauses);
        }

        if (q.MinimumShouldMatch is { } minimum)
        {
            json.WriteString("minimum_should_match", minimum);
        }
    });

    private static void Queries(Utf8JsonWriter json, string key, IReadOnlyList<QueryNode> queries)
    {
        if (queries.Count == 0)
        {
            return;
        }

        json.WriteStartArray(key);
        foreach (var query in queries)
        {
            Write(json, query);
        }

        json.WriteEndArray();
    }

    private static void Boosting(Utf8JsonWriter json, BoostingQuery q) => Named(json, "boosting", q, () =>
    {
        Inner(json, "positive", q.Positive);
        Inner(json, "negative", q.Negative);
        json.WritePropertyName("negative_boost");
        json.WriteRawValue(JavaNumber.Text(q.NegativeBoost));
    });

    private static void DisMax(Utf8JsonWriter json, DisMaxQuery q) => Named(json, "dis_max", q, () =>
    {
        Queries(json, "queries", q.Queries);
        json.WritePropertyName("tie_breaker");
        json.WriteRawValue(JavaNumber.Text(q.TieBreaker));
    });

    private static void FunctionScore(Utf8JsonWriter json, FunctionScoreQuery q) => Named(json, "function_score", q, () =>
    {
        Inner(json, "query", q.Query);
        json.WriteStartArray("functions");
        foreach (var function in q.Functions)
        {
            json.WriteStartObject();
            Inner(json, "filter", function.Filter);
            json.WritePropertyName("weight");
            json.WriteRawValue(JavaNumber.Text(function.Weight));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("score_mode", q.ScoreMode);
        json.WriteString("boost_mode", q.BoostMode);
        if (q.MaxBoost < float.MaxValue)
        {
            json.WritePropertyName("max_boost");
            json.WriteRawValue(JavaNumber.Text(q.MaxBoost));
        }

        if (q.MinScore is { } least)
        {
            json.WritePropertyName("min_score");
            json.WriteRawValue(JavaNumber.Text(least));
        }
    });

    private static void Match(Utf8JsonWriter json, MatchQuery q)
    {
        var kind = q.Kind switch { MatchKind.Phrase => "match_phrase", MatchKind.PhrasePrefix => "match_phrase_prefix", MatchKind.BoolPrefix => "match_bool_prefix", _ => "match" };
        Field(json, kind, q.Field, q, () =>
        {
            Value(json, "query", q.Value);
            MatchOptions(json, q);
        });
    }

    private static void MatchOptions(Utf8JsonWriter json, MatchQuery q)
    {
        var isPhrase = q.Kind is MatchKind.Phrase or MatchKind.PhrasePrefix;
        if (q.AllTerms && !isPhrase)
        {
            json.WriteString("operator", "and");
        }

        if (q.MinimumShouldMatch is { } minimum && !isPhrase)
        {
            json.WriteString("minimum_should_match", minimum);
        }

        if (q.Fuzziness is { } fuzziness && !isPhrase)
        {
            json.WriteString("fuzziness", fuzziness);
            json.WriteNumber("prefix_length", q.PrefixLength);
        }

        if (isPhrase && q.Slop > 0)
        {
            json.WriteNumber("slop", q.Slop);
        }

        if (q.Lenient && q.Kind == MatchKind.Terms)
        {
            json.WriteBoolean("lenient", true);
        }

        if (q.ZeroTermsAll && q.Kind != MatchKind.BoolPrefix)
        {
            json.WriteString("zero_terms_query", "all");
        }
    }

    private static void MultiMatch(Utf8JsonWriter json, MultiMatchQuery q) => Named(json, "multi_match", q, () =>
    {
        Value(json, "query", q.Value);
        Strings(json, "fields", q.Fields.Select(static f => f.ToString()));
        json.WriteString("type", q.Type);
        if (q.TieBreaker is { } tie)
        {
            json.WritePropertyName("tie_breaker");
            json.WriteRawValue(JavaNumber.Text(tie));
        }

        MatchOptions(json, q.Options);
    });

    private static void QueryString(Utf8JsonWriter json, QueryStringQuery q) => Named(json, "query_string", q, () =>
    {
        json.WriteString("query", q.Query);
        Fields(json, q.Fields, q.DefaultAnd, q.Lenient, q.MinimumShouldMatch);
        json.WriteBoolean("allow_leading_wildcard", q.AllowLeadingWildcard);
        if (q.TimeZone is { } zone)
        {
            json.WriteString("time_zone", zone);
        }
    });

    private static void SimpleQueryString(Utf8JsonWriter json, SimpleQueryStringQuery q) => Named(json, "simple_query_string", q, () =>
    {
        json.WriteString("query", q.Query);
        Fields(json, q.Fields, q.DefaultAnd, q.Lenient, q.MinimumShouldMatch);
        json.WriteString("flags", q.Flags);
    });

    private static void Fields(Utf8JsonWriter json, IReadOnlyList<WeightedField> fields, bool defaultAnd, bool lenient, string? minimum)
    {
        if (fields.Count > 0)
        {
            Strings(json, "fields", fields.Select(static f => f.ToString()));
        }

        json.WriteString("default_operator", defaultAnd ? "and" : "or");
        if (lenient)
        {
            json.WriteBoolean("lenient", true);
        }

        if (minimum is not null)
        {
            json.WriteString("minimum_should_match", minimum);
        }
    }
}
