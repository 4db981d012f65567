using System.Text.Json;

namespace DevOpsAgent.Logs.Query;

/// <summary>The <c>sort</c> of a request: a name, a list, or objects with options.</summary>
internal static class SortParser
{
    public static IReadOnlyList<SortField> Parse(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => [.. value.EnumerateArray().SelectMany(Level)],
        JsonValueKind.String or JsonValueKind.Object => [.. Level(value)],
        _ => throw DslException.Argument("malformed sort format, either start with array, object, or an actual string"),
    };

    /// <summary>The <c>sort</c> of a URL: <c>a:desc,b</c>.</summary>
    public static IReadOnlyList<SortField> ParseText(string text) =>
        [.. text.Split(',').Select(static part => part.LastIndexOf(':') is > 0 and var colon ? Plain(part[..colon], part[(colon + 1)..]) : Plain(part, null))];

    private static SortField Plain(string field, string? order) => new(field, order is null ? field == "_score" : IsDescending(order));

    private static IEnumerable<SortField> Level(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            return [Plain(value.GetString()!, null)];
        }

        return value.ValueKind == JsonValueKind.Object
            ? [.. value.EnumerateObject().Select(static p => p.Value.ValueKind == JsonValueKind.Object ? Options(p.Name, p.Value) : Plain(p.Name, DslJson.Text(p.Value)))]
            : throw DslException.Argument("malformed sort format, within the sort array, an object, or an actual string are allowed");
    }

    private static SortField Options(string field, JsonElement body)
    {
        if (field is "_script" or "_geo_distance")
        {
            throw DslException.NotSupported($"sort {field}");
        }

        var sort = new SortField(field, field == "_score");
        foreach (var p in body.EnumerateObject())
        {
            try
            {
                sort = p.Name switch
                {
                    "order" => sort with { Descending = IsDescending(DslJson.Text(p.Value)) },
                    "missing" => Missing(sort, p.Value),
                    "unmapped_type" => sort with { UnmappedType = DslJson.Text(p.Value) },
                    "format" => sort with { Format = DslJson.Text(p.Value) },
                    "mode" => sort with { Mode = DslJson.Text(p.Value) is "min" or "max" or "sum" or "avg" or "median" ? DslJson.Text(p.Value) : throw DslException.Argument($"Unknown SortMode [{DslJson.Text(p.Value)}]") },
                    "nested" or "nested_path" or "nested_filter" or "numeric_type" => throw DslException.NotSupported($"sort.{p.Name}"),
                    _ => throw DslException.Content($"[field_sort] unknown field [{p.Name}]"),
                };
            }
            catch (DslException e) when (e.Type == "illegal_argument_exception")
            {
                throw DslException.Content($"[field_sort] failed to parse field [{p.Name}]", e);
            }
        }

        return sort;
    }

    private static SortField Missing(SortField sort, JsonElement value) => DslJson.Text(value) switch
    {
        "_first" => sort with { MissingFirst = true },
        "_last" => sort with { MissingFirst = false },
        _ => sort with { MissingValue = Literal.Of(value) },
    };

    private static bool IsDescending(string text) => text.ToUpperInvariant() switch
    {
        "ASC" => false,
        "DESC" => true,
        var other => throw DslException.Argument($"No enum constant org.elasticsearch.search.sort.SortOrder.{other}"),
    };
}
