using System.Text;
using System.Text.Json;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Analysis;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Search;

/// <summary>Marks the words of a match query in a short text. Longer texts and other queries would need sentence fragments: those are refused.</summary>
internal static class Highlighter
{
    public static void Write(Utf8JsonWriter json, Hit hit, Highlight highlight, QueryNode? query, byte[] source)
    {
        if (query is not MatchQuery { Kind: MatchKind.Terms, Fuzziness: null } match || NamePattern.HasWildcard(string.Concat(highlight.Fields)) || !highlight.RequireFieldMatch)
        {
            throw DslException.NotSupported("highlight of this query");
        }

        using var document = JsonDocument.Parse(source);
        var wanted = StandardTokenizer.Tokens(match.Value.Text).Select(static t => t.Text).ToHashSet(StringComparer.Ordinal);
        var marked = new List<(string Field, string Text)>();
        foreach (var name in highlight.Fields.Where(f => f == match.Field))
        {
            if (hit.View.Find(name) is not { Type: FieldType.Text } field)
            {
                throw DslException.NotSupported("highlight of fields that aren't text");
            }

            var values = new List<JsonElement>();
            FieldFetch.Values(document.RootElement, field.Source.Split('.'), 0, values);
            foreach (var value in values)
            {
                var text = DslJson.Text(value);
                if (highlight.Fragments > 0 && text.Length > highlight.FragmentSize)
                {
                    throw DslException.NotSupported("highlight fragments of long texts");
                }

                if (Mark(text, wanted, highlight) is { } with)
                {
                    marked.Add((name, with));
                }
            }
        }

        if (marked.Count == 0)
        {
            return;
        }

        json.WriteStartObject("highlight");
        foreach (var group in marked.GroupBy(static m => m.Field, StringComparer.Ordinal))
        {
            json.WriteStartArray(group.Key);
            foreach (var (_, text) in group)
            {
                json.WriteStringValue(text);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static string? Mark(string text, HashSet<string> wanted, Highlight highlight)
    {
        var marked = new StringBuilder();
        var at = 0;
        foreach (var token in StandardTokenizer.Tokens(text).Where(t => wanted.Contains(t.Text)))
        {
            marked.Append(text, at, token.Start - at).Append(highlight.PreTag).Append(text, token.Start, token.End - token.Start).Append(highlight.PostTag);
            at = token.End;
        }

        return at == 0 ? null : marked.Append(text, at, text.Length - at).ToString();
    }
}
