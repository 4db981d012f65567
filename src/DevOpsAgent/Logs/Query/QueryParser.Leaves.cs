using System.Text.Json;

namespace DevOpsAgent.Logs.Query;

/// <summary>Queries on one field's exact values.</summary>
internal static partial class QueryParser
{
    private delegate bool TakeOption(string key, JsonElement value);

    /// <summary><c>{"field": value}</c> or <c>{"field": {"value": ..., options}}</c>, with boost and _name beside or inside.</summary>
    private static (string Field, JsonElement Value, float Boost, string? Name) OneField(string kind, JsonElement body, string[] valueKeys, TakeOption take)
    {
        string? field = null;
        JsonElement? value = null;
        var boost = 1f;
        string? name = null;
        foreach (var p in body.EnumerateObject())
        {
            if (p.Value.ValueKind == JsonValueKind.Array)
            {
                throw DslException.Parsing($"[{kind}] query does not support array of values");
            }

            if (p.Name is "_name" or "boost" && p.Value.ValueKind != JsonValueKind.Object)
            {
                TryOption(p.Name, p.Value, ref boost, ref name);
                continue;
            }

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
                if (valueKeys.Contains(o.Name, StringComparer.Ordinal))
                {
                    value = DslJson.IsScalar(o.Value) ? o.Value : throw DslException.Parsing($"[{kind}] unknown token [{DslJson.TokenName(o.Value)}] after [{o.Name}]");
                }
                else if (!TryOption(o.Name, o.Value, ref boost, ref name) && !take(o.Name, o.Value))
                {
                    throw NotSupportedKey(kind, o.Name);
                }
            }
        }

        if (field is null || field.Length == 0)
        {
            throw DslException.Argument("field name is null or empty");
        }

        return value is { ValueKind: not JsonValueKind.Null } found ? (field, found, boost, name) : throw DslException.Argument("value cannot be null");
    }

    private static TermQuery Term(JsonElement body)
    {
        var insensitive = false;
        var (field, value, boost, name) = OneField("term", body, ["value", "term"], (key, v) => key == "case_insensitive" && Took(insensitive = DslJson.Flag(v)));
        return new(field, Literal.Of(value)) { CaseInsensitive = insensitive, Boost = boost, Name = name };
    }

    private static bool Took(bool _) => true;

    private static PrefixQuery Prefix(JsonElement body)
    {
        var insensitive = false;
        var (field, value, boost, name) = OneField("prefix", body, ["value"], (key, v) => key == "rewrite" || (key == "case_insensitive" && Took(insensitive = DslJson.Flag(v))));
        return new(field, DslJson.Text(value)) { CaseInsensitive = insensitive, Boost = boost, Name = name };
    }

    private static WildcardQuery Wildcard(JsonElement body)
    {
        var insensitive = false;
        var (field, value, boost, name) = OneField("wildcard", body, ["value", "wildcard"], (key, v) => key == "rewrite" || (key == "case_insensitive" && Took(insensitive = DslJson.Flag(v))));
        return new(field, DslJson.Text(value)) { CaseInsensitive = insensitive, Boost = boost, Name = name };
    }

    private static RegexpQuery Regexp(JsonElement body)
    {
        var query = new RegexpQuery("", "");
        var (field, value, boost, name) = OneField("regexp", body, ["value"], (key, v) =>
        {
            switch (key)
            {
                case "flags": query = query with { Flags = DslJson.Text(v) }; return true;
                case "flags_value": throw DslException.NotSupported("regexp.flags_value");
                case "max_determinized_states": query = query with { MaxDeterminizedStates = DslJson.Int(v) }; return true;
                case "case_insensitive": query = query with { CaseInsensitive = DslJson.Flag(v) }; return true;
                case "rewrite": return true;
                default: return false;
            }
        });
        return query with { Field = field, Value = DslJson.Text(value), Boost = boost, Name = name };
    }

    private static FuzzyQuery Fuzzy(JsonElement body)
    {
        var query = new FuzzyQuery("", "");
        var (field, value, boost, name) = OneField("fuzzy", body, ["value", "term"], (key, v) =>
        {
            switch (key)
            {
                case "fuzziness": query = query with { Fuzziness = Fuzziness(v) }; return true;
                case "prefix_length": query = query with { PrefixLength = DslJson.Int(v) }; return true;
                case "max_expansions": query = query with { MaxExpansions = DslJson.Int(v) }; return true;
                case "transpositions": query = query with { Transpositions = DslJson.Flag(v) }; return true;
                case "rewrite": return true;
                default: return false;
            }
        });
        return query with { Field = field, Value = DslJson.Text(value), Boost = boost, Name = name };
    }

    /// <summary>0, 1, 2, AUTO or AUTO:low,high.</summary>
    private static string Fuzziness(JsonElement value)
    {
        var text = DslJson.Text(value);
        return FuzzyDistance.IsValid(text) ? text : throw DslException.Argument($"Invalid fuzziness value: {text}");
    }

    private static TermsQuery Terms(JsonElement body)
    {
        string? field = null;
        List<Literal>? values = null;
        var boost = 1f;
        string? name = null;
        foreach (var p in body.EnumerateObject())
        {
            switch (p.Value.ValueKind)
            {
                case JsonValueKind.Array:
                    if (field is not null)
                    {
                        throw DslException.Parsing("[terms] query does not support multiple fields");
                    }

                    field = p.Name;
                    values = [.. p.Value.EnumerateArray().Select(static v => v.ValueKind == JsonValueKind.Null ? throw DslException.Parsing("No value specified for terms query") : Literal.Of(v))];
                    break;
                case JsonValueKind.Object:
                    throw field is null ? DslException.NotSupported("terms lookup") : DslException.Parsing($"[terms] query does not support more than one field. Already got: [{field}] but also found [{p.Name}]");
                default:
                    if (!TryOption(p.Name, p.Value, ref boost, ref name))
                    {
                        throw NotSupportedKey("terms", p.Name);
                    }

                    break;
            }
        }

        return field is null
            ? throw DslException.Parsing("[terms] query requires a field name, followed by array of terms or a document lookup specification")
            : new(field, values!) { Boost = boost, Name = name };
    }

    private static RangeQuery Range(JsonElement body)
    {
        string? field = null;
        var query = new RangeQuery("");
        var boost = 1f;
        string? name = null;
        foreach (var p in body.EnumerateObject())
        {
            if (p.Value.ValueKind != JsonValueKind.Object)
            {
                if (p.Value.ValueKind == JsonValueKind.Array || p.Name != "_name")
                {
                    throw NotSupportedKey("range", p.Name);
                }

                name = DslJson.Text(p.Value);
                continue;
            }

            if (field is not null)
            {
                throw DslException.Parsing($"[range] query doesn't support multiple fields, found [{field}] and [{p.Name}]");
            }

            field = p.Name;
            foreach (var o in p.Value.EnumerateObject())
            {
                query = o.Name switch
                {
                    "gte" => query with { From = Bound(o.Value), IncludeFrom = true },
                    "gt" => query with { From = Bound(o.Value), IncludeFrom = false },
                    "lte" => query with { To = Bound(o.Value), IncludeTo = true },
                    "lt" => query with { To = Bound(o.Value), IncludeTo = false },
                    "from" => query with { From = Bound(o.Value) },
                    "to" => query with { To = Bound(o.Value) },
                    "include_lower" => query with { IncludeFrom = DslJson.Flag(o.Value) },
                    "include_upper" => query with { IncludeTo = DslJson.Flag(o.Value) },
                    "format" => query with { Format = DslJson.Text(o.Value) },
                    "time_zone" => query with { TimeZone = Zone(DslJson.Text(o.Value)) },
                    "relation" => DslJson.Text(o.Value).ToUpperInvariant() is "WITHIN" or "INTERSECTS" or "CONTAINS" ? query : throw DslException.Argument($"[range] query does not support relation [{DslJson.Text(o.Value)}]"),
                    _ => TryOption(o.Name, o.Value, ref boost, ref name) ? query : throw NotSupportedKey("range", o.Name),
                };
            }
        }

        return field is null ? throw DslException.Argument("field name is null or empty") : query with { Field = field, Boost = boost, Name = name };
    }

    private static Literal? Bound(JsonElement value) => value.ValueKind == JsonValueKind.Null ? null : Literal.Of(value);

    private static string Zone(string text) => TimeZones.TryFind(text, out _) ? text
        : throw new DslException("illegal_argument_exception", $"java.time.zone.ZoneRulesException: Unknown time-zone ID: {text}") { Cause = new("zone_rules_exception", $"Unknown time-zone ID: {text}") };

    private static ExistsQuery Exists(JsonElement body)
    {
        string? field = null;
        var boost = 1f;
        string? name = null;
        foreach (var p in body.EnumerateObject())
        {
            if (!DslJson.IsScalar(p.Value))
            {
                throw DslException.Parsing($"[exists] unknown token [{DslJson.TokenName(p.Value)}] after [{p.Name}]");
            }

            if (p.Name == "field")
            {
                field = DslJson.Text(p.Value);
            }
            else if (!TryOption(p.Name, p.Value, ref boost, ref name))
            {
                throw NotSupportedKey("exists", p.Name);
            }
        }

        return field is null ? throw DslException.Parsing("[exists] must be provided with a [field]")
            : field.Length == 0 ? throw DslException.Argument("field name is null or empty")
            : new(field) { Boost = boost, Name = name };
    }

    private static IdsQuery Ids(JsonElement body)
    {
        IReadOnlyList<string> values = [];
        var boost = 1f;
        string? name = null;
        foreach (var p in body.EnumerateObject())
        {
            if (p.Name == "values")
            {
                values = p.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Null ? throw DslException.Parsing("[ids] failed to parse field [values]") : DslJson.Texts(p.Value);
            }
            else if (!TryOption(p.Name, p.Value, ref boost, ref name))
            {
                throw DslException.Parsing($"[ids] unknown field [{p.Name}]");
            }
        }

        return new(values) { Boost = boost, Name = name };
    }
}
