using System.Text.Json;

namespace DevOpsAgent.Logs.Query;

/// <summary>The <c>highlight</c> of a request: field names and tags; other highlighters and options are refused.</summary>
internal static class HighlightParser
{
    public static Highlight Parse(JsonElement value)
    {
        var highlight = new Highlight([]);
        foreach (var p in value.EnumerateObject())
        {
            highlight = p.Name switch
            {
                "fields" => highlight with { Fields = Names(p.Value) },
                "pre_tags" => highlight with { PreTag = DslJson.Texts(p.Value)[0] },
                "post_tags" => highlight with { PostTag = DslJson.Texts(p.Value)[0] },
                "fragment_size" => highlight with { FragmentSize = DslJson.Int(p.Value) },
                "number_of_fragments" => highlight with { Fragments = DslJson.Int(p.Value) },
                "require_field_match" => highlight with { RequireFieldMatch = DslJson.Flag(p.Value) },
                "type" when DslJson.Text(p.Value) == "unified" => highlight,
                _ => throw DslException.NotSupported($"highlight.{p.Name}"),
            };
        }

        return highlight;
    }

    private static IReadOnlyList<string> Names(JsonElement value)
    {
        var objects = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().SelectMany(static e => e.EnumerateObject()) : value.EnumerateObject();
        return [.. objects.Select(static p => p.Value.EnumerateObject().Any() ? throw DslException.NotSupported("highlight.fields options") : p.Name)];
    }
}
