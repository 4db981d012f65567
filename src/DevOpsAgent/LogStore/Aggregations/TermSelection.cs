using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Documents;
using DevOpsAgent.LogStore.Mapping;
using DevOpsAgent.LogStore.Search.Terms;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>include and exclude of a terms aggregation: which values may be buckets.</summary>
internal static class TermSelection
{
    /// <returns>One flag per value; null: all.</returns>
    public static bool[]? Wanted(FieldTerms terms, TermFilter? filter)
    {
        if (filter is null || terms.Field is null)
        {
            return null;
        }

        var isText = terms.Field.Type is FieldType.Keyword or FieldType.Text;
        if ((filter.IncludePattern ?? filter.ExcludePattern) is not null && !isText)
        {
            throw DslException.Shard("illegal_argument_exception", $"Aggregation cannot support regular expression style include/exclude settings as they can only be applied to string fields. Use an array of values for include/exclude clauses");
        }

        var include = filter.IncludePattern is { } i ? new RegexpTerms(i, "ALL", false, 10_000) : null;
        var exclude = filter.ExcludePattern is { } e ? new RegexpTerms(e, "ALL", false, 10_000) : null;
        var included = filter.Include?.Select(l => Canonical(terms.Field, l)).ToHashSet(StringComparer.Ordinal);
        var excluded = filter.Exclude?.Select(l => Canonical(terms.Field, l)).ToHashSet(StringComparer.Ordinal);
        var wanted = new bool[terms.Count];
        for (var code = 0; code < wanted.Length; code++)
        {
            wanted[code] = (include is null || include.IsMatch(terms.Text(code))) && (exclude is null || !exclude.IsMatch(terms.Text(code)));
            if (included is not null || excluded is not null)
            {
                var text = Key(terms, code);
                wanted[code] &= (included is null || included.Contains(text)) && (excluded is null || !excluded.Contains(text));
            }
        }

        return wanted;
    }

    private static string Key(FieldTerms terms, int code) => terms.Field!.Type.IsLongKept() ? terms.Number(code).ToString(System.Globalization.CultureInfo.InvariantCulture) : TermKey.Plain(terms, code);

    private static string Canonical(FieldMapping field, Literal value) => field.Type switch
    {
        FieldType.Ip => IpText.TryParse(value.Text, out var address) ? address.ToString() : throw DslException.Shard("illegal_argument_exception", $"'{value.Text}' is not an IP string literal."),
        FieldType.Keyword or FieldType.Text => value.Text,
        FieldType.Boolean => value.Text switch { "true" => "1", "false" => "0", var other => other },
        FieldType.Date => DateMath.Parse(value.Text, field.Format, false, TimeZoneInfo.Utc, 0).ToString(System.Globalization.CultureInfo.InvariantCulture),
        var type when type.IsFraction() => value.TryDouble(out var number) ? JavaNumber.Text(FieldValue.Kept(type, number)) : value.Text,
        _ => value.TryDouble(out var whole) ? ((long)whole).ToString(System.Globalization.CultureInfo.InvariantCulture) : throw DslException.Shard("number_format_exception", $"For input string: \"{value.Text}\""),
    };
}
