using System.Text.Json;

namespace DevOpsAgent.Logs.Query;

/// <summary>Aggregations with buckets.</summary>
internal static partial class AggregationParser
{
    private static TermsAggregation Terms(JsonElement body)
    {
        string? field = null;
        var terms = new TermsAggregation("");
        Each("terms", body, (key, v) =>
        {
            switch (key)
            {
                case "field": field = DslJson.Text(v); return true;
                case "size": terms = terms with { Size = Positive(v, "size") }; return true;
                case "shard_size": terms = terms with { ShardSize = Positive(v, "shardSize") }; return true;
                case "min_doc_count": terms = terms with { MinDocCount = NotNegative(v, "minDocCount") }; return true;
                case "shard_min_doc_count": NotNegative(v, "shardMinDocCount"); return true;
                case "order": terms = terms with { Order = Orders(v) }; return true;
                case "missing": terms = terms with { Missing = Literal.Of(v) }; return true;
                case "format": terms = terms with { Format = DslJson.Text(v) }; return true;
                case "include" or "exclude": terms = terms with { Filter = TermsFilter(terms.Filter ?? new(), key, v) }; return true;
                case "show_term_doc_count_error": terms = terms with { ShowError = DslJson.Flag(v) }; return true;
                case "execution_hint" or "collect_mode" or "value_type": DslJson.Text(v); return true;
                default: return false;
            }
        });
        return terms with { Field = Required(field) };
    }

    private static TermFilter TermsFilter(TermFilter filter, string key, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            throw key == "include" ? DslException.NotSupported("terms partitions") : DslException.Parsing("Unrecognized token for a include/exclude");
        }

        if (value.ValueKind == JsonValueKind.Array)
        {
            IReadOnlyList<Literal> values = [.. value.EnumerateArray().Select(Literal.Of)];
            return key == "include" ? filter with { Include = values } : filter with { Exclude = values };
        }

        return key == "include" ? filter with { IncludePattern = DslJson.Text(value) } : filter with { ExcludePattern = DslJson.Text(value) };
    }

    private static RareTermsAggregation RareTerms(JsonElement body)
    {
        string? field = null;
        var rare = new RareTermsAggregation("");
        Each("rare_terms", body, (key, v) =>
        {
            switch (key)
            {
                case "field": field = DslJson.Text(v); return true;
                case "max_doc_count":
                    rare = rare with { MaxDocCount = DslJson.Int(v) is > 0 and <= 100 and var most ? most : throw DslException.Argument($"[max_doc_count] must be in 1..100. Found [{DslJson.Text(v)}]") };
                    return true;
                case "precision": return true;
                case "include" or "exclude": rare = rare with { Filter = TermsFilter(rare.Filter ?? new(), key, v) }; return true;
                case "missing": throw DslException.NotSupported("rare_terms.missing");
                default: return false;
            }
        });
        return rare with { Field = Required(field) };
    }

    private static SignificantTermsAggregation SignificantTerms(JsonElement body)
    {
        string? field = null;
        var terms = new SignificantTermsAggregation("");
        Each("significant_terms", body, (key, v) =>
        {
            switch (key)
            {
                case "field": field = DslJson.Text(v); return true;
                case "size": terms = terms with { Size = Positive(v, "size") }; return true;
                case "min_doc_count": terms = terms with { MinDocCount = NotNegative(v, "minDocCount") }; return true;
                case "background_filter": terms = terms with { Background = QueryParser.Parse(v) }; return true;
                case "include" or "exclude": terms = terms with { Filter = TermsFilter(terms.Filter ?? new(), key, v) }; return true;
                case "shard_size" or "shard_min_doc_count" or "execution_hint": return true;
                case "jlh": return true;
                case "mutual_information" or "chi_square" or "gnd" or "percentage" or "script_heuristic" or "p_value": throw DslException.NotSupported($"significant_terms.{key}");
                default: return false;
            }
        });
        return terms with { Field = Required(field) };
    }

    private static MultiTermsAggregation MultiTerms(string name, JsonElement body)
    {
        var terms = new MultiTermsAggregation([]);
        Each("multi_terms", body, (key, v) =>
        {
            switch (key)
            {
                case "terms":
                    terms = terms with { Fields = [.. v.EnumerateArray().Select(static t => FieldOnly("multi_terms", t))] };
                    return terms.Fields.Count >= 2 ? true : throw DslException.Argument($"The [terms] parameter in the aggregation [{name}] must be present and have at least 2 fields or scripts.");
                case "size": terms = terms with { Size = Positive(v, "size") }; return true;
                case "min_doc_count": terms = terms with { MinDocCount = NotNegative(v, "minDocCount") }; return true;
                case "order": terms = terms with { Order = Orders(v) }; return true;
                case "shard_size" or "shard_min_doc_count" or "collect_mode" or "show_term_doc_count_error": return true;
                default: return false;
            }
        });
        return terms.Fields.Count == 0 ? throw DslException.Argument("Required one of fields [terms], but none were specified.") : terms;
    }

    private static FiltersAggregation Filters(JsonElement body)
    {
        List<(string?, QueryNode)>? filters = null;
        var keyed = true;
        string? other = null;
        var withOther = false;
        foreach (var p in body.EnumerateObject())
        {
            switch (p.Name)
            {
                case "filters" when p.Value.ValueKind == JsonValueKind.Object:
                    filters = [.. p.Value.EnumerateObject().Select(static f => ((string?)f.Name, QueryParser.Parse(f.Value)))];
                    break;
                case "filters" when p.Value.ValueKind == JsonValueKind.Array:
                    filters = [.. p.Value.EnumerateArray().Select(static f => ((string?)null, QueryParser.Parse(f)))];
                    keyed = false;
                    break;
                case "keyed":
                    if (!DslJson.Flag(p.Value))
                    {
                        throw DslException.NotSupported("filters.keyed");
                    }

                    break;
                case "other_bucket": withOther = DslJson.Flag(p.Value); break;
                case "other_bucket_key": other = DslJson.Text(p.Value); break;
                default: throw DslException.Parsing($"Unexpected token {DslJson.TokenName(p.Value)} in [filters].");
            }
        }

        return filters is not { Count: > 0 } ? throw DslException.Argument("[filters] cannot be empty.")
            : new(keyed ? [.. filters.OrderBy(static f => f.Item1, StringComparer.Ordinal)] : filters) { Keyed = keyed, OtherKey = other ?? (withOther ? "_other_" : null) };
    }

    private static SamplerAggregation Sampler(JsonElement body)
    {
        var size = 100;
        foreach (var p in body.EnumerateObject())
        {
            size = p.Name == "shard_size" ? DslJson.Int(p.Value) : throw DslException.Parsing($"Unsupported property \"{p.Name}\" for aggregation \"sampler\"");
        }

        return new(size);
    }

    private static DateHistogramAggregation DateHistogram(JsonElement body, string kind)
    {
        string? field = null;
        var histogram = new DateHistogramAggregation("");
        Each(kind, body, (key, v) =>
        {
            switch (key)
            {
                case "field": field = DslJson.Text(v); return true;
                case "calendar_interval" or "fixed_interval": histogram = Interval(histogram, key, DslJson.Text(v)); return true;
                case "time_zone": histogram = histogram with { TimeZone = Zone(v) }; return true;
                case "offset": histogram = histogram with { Offset = v.ValueKind == JsonValueKind.Number ? DslJson.Int(v) : TimeInterval.Millis(DslJson.Text(v), "offset") }; return true;
                case "format": histogram = histogram with { Format = DslJson.Text(v) }; return true;
                case "keyed": histogram = histogram with { Keyed = DslJson.Flag(v) }; return true;
                case "min_doc_count": histogram = histogram with { MinDocCount = NotNegative(v, "minDocCount") }; return true;
                case "extended_bounds": histogram = histogram with { ExtendedBounds = Bounds(v) }; return true;
                case "hard_bounds": histogram = histogram with { HardBounds = Bounds(v) }; return true;
                case "missing": histogram = histogram with { Missing = Literal.Of(v) }; return true;
                case "order": histogram = histogram with { Order = Orders(v) }; return true;
                default: return false;
            }
        });
        return histogram with { Field = Required(field) };
    }

    private static DateHistogramAggregation Interval(DateHistogramAggregation histogram, string key, string text)
    {
        if (histogram.Calendar is not null || histogram.Fixed != 0)
        {
            throw DslException.Argument($"Cannot use [{key}] with [{(histogram.Calendar is null ? "fixed_interval" : "calendar_interval")}] configuration option.");
        }

        if (key == "calendar_interval")
        {
            return TimeInterval.TryCalendar(text, out var unit)
                ? histogram with { Calendar = unit }
                : throw DslException.Argument($"The supplied interval [{text}] could not be parsed as a calendar interval.");
        }

        var millis = TimeInterval.Millis(text, "date_histogram.fixedInterval");
        return millis > 0 ? histogram with { Fixed = millis } : throw DslException.Argument("Zero or negative time interval not supported");
    }

    private static (Literal? Min, Literal? Max) Bounds(JsonElement value)
    {
        Literal? min = null;
        Literal? max = null;
        foreach (var p in value.EnumerateObject())
        {
            switch (p.Name)
            {
                case "min": min = p.Value.ValueKind == JsonValueKind.Null ? null : Literal.Of(p.Value); break;
                case "max": max = p.Value.ValueKind == JsonValueKind.Null ? null : Literal.Of(p.Value); break;
                default: throw DslException.Content($"[bounds] unknown field [{p.Name}]");
            }
        }

        return (min, max);
    }

    private static string Zone(JsonElement value)
    {
        var text = value.ValueKind == JsonValueKind.Number ? TimeSpan.FromHours(DslJson.Int(value)) is var span ? $"{(span < TimeSpan.Zero ? '-' : '+')}{span:hh\\:mm}" : "" : DslJson.Text(value);
        return TimeZones.TryFind(text, out _) ? text : throw DslException.Argument($"Unknown time-zone ID: {text}");
    }

    private static HistogramAggregation Histogram(JsonElement body)
    {
        string? field = null;
        var histogram = new HistogramAggregation("", 0);
        Each("histogram", body, (key, v) =>
        {
            switch (key)
            {
                case "field": field = DslJson.Text(v); return true;
                case "interval": histogram = histogram with { Interval = DslJson.Double(v) is > 0 and var interval ? interval : throw DslException.Argument("[interval] must be >0 for histogram aggregation") }; return true;
                case "offset": histogram = histogram with { Offset = DslJson.Double(v) }; return true;
                case "keyed": histogram = histogram with { Keyed = DslJson.Flag(v) }; return true;
                case "min_doc_count": histogram = histogram with { MinDocCount = NotNegative(v, "minDocCount") }; return true;
                case "extended_bounds": histogram = histogram with { ExtendedBounds = Numbers(Bounds(v)) }; return true;
                case "hard_bounds": histogram = histogram with { HardBounds = Numbers(Bounds(v)) }; return true;
                case "missing": histogram = histogram with { Missing = Literal.Of(v) }; return true;
                case "order": histogram = histogram with { Order = Orders(v) }; return true;
                case "format": throw DslException.NotSupported("histogram.format");
                default: return false;
            }
        });
        return histogram.Interval > 0 ? histogram with { Field = Required(field) } : throw DslException.Argument("[interval] must be >0 for histogram aggregation");
    }

    private static (double? Min, double? Max) Numbers((Literal? Min, Literal? Max) bounds) => (Number(bounds.Min), Number(bounds.Max));

    private static double? Number(Literal? literal) => literal is not { } value ? null : value.TryDouble(out var number) ? number : throw new DslException("number_format_exception", $"For input string: \"{value.Text}\"");

    private static RangeAggregation Range(string kind, JsonElement body)
    {
        string? field = null;
        var range = new RangeAggregation(kind, "", []);
        Each(kind, body, (key, v) =>
        {
            switch (key)
            {
                case "field": field = DslJson.Text(v); return true;
                case "ranges": range = range with { Ranges = [.. v.EnumerateArray().Select(r => OneRange(kind, r))] }; return true;
                case "keyed": range = range with { Keyed = DslJson.Flag(v) }; return true;
                case "format": range = range with { Format = DslJson.Text(v) }; return true;
                case "time_zone" when kind == "date_range": range = range with { TimeZone = Zone(v) }; return true;
                case "missing": range = range with { Missing = Literal.Of(v) }; return true;
                default: return false;
            }
        });
        return range with { Field = Required(field) };
    }

    private static AggregationRange OneRange(string kind, JsonElement value)
    {
        var range = default(AggregationRange);
        foreach (var p in value.EnumerateObject())
        {
            range = p.Name switch
            {
                "key" => range with { Key = DslJson.Text(p.Value) },
                "from" => range with { From = p.Value.ValueKind == JsonValueKind.Null ? null : Literal.Of(p.Value) },
                "to" => range with { To = p.Value.ValueKind == JsonValueKind.Null ? null : Literal.Of(p.Value) },
                "mask" when kind == "ip_range" => range with { Mask = DslJson.Text(p.Value) },
                _ => throw DslException.Content($"[{kind}] unknown field [{p.Name}]"),
            };
        }

        return kind == "ip_range" && range is { From: null, To: null, Mask: null } ? throw DslException.Argument("No [from], [to] or [mask] in a range") : range;
    }

    private static IpPrefixAggregation IpPrefix(JsonElement body)
    {
        string? field = null;
        int? length = null;
        var prefix = new IpPrefixAggregation("", 0);
        Each("ip_prefix", body, (key, v) =>
        {
            switch (key)
            {
                case "field": field = DslJson.Text(v); return true;
                case "prefix_length": length = DslJson.Int(v); return true;
                case "is_ipv6": prefix = prefix with { IsIPv6 = DslJson.Flag(v) }; return true;
                case "append_prefix_length": prefix = prefix with { AppendPrefixLength = DslJson.Flag(v) }; return true;
                case "min_doc_count": prefix = prefix with { MinDocCount = NotNegative(v, "min_doc_count") }; return true;
                case "keyed": prefix = prefix with { Keyed = DslJson.Flag(v) }; return true;
                default: return false;
            }
        });
        var most = prefix.IsIPv6 ? 128 : 32;
        return length is not { } bits ? throw DslException.Argument("Required one of fields [prefix_length], but none were specified. ")
            : bits < 0 || bits > most ? throw DslException.Argument($"[prefix_length] must be in range [0, {most}] while value is [{bits}]")
            : prefix with { Field = Required(field), PrefixLength = bits };
    }
}
