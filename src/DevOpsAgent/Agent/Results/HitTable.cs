using System.Text.Json;
using System.Text.Json.Nodes;

namespace DevOpsAgent.Agent.Results;

/// <summary>A search's answer as a tree that a model can read within a budget: hits as a table or as groups, aggregations cut to their first buckets.</summary>
internal static class HitTable
{
    /// <summary>Groups that are shown in place of more hits than the budget.</summary>
    private const int MaxGroups = 25;

    private const int MaxBuckets = 50;
    private const int MaxDepth = 12;

    /// <param name="answer">Elasticsearch's answer to _search.</param>
    /// <param name="budget">Rows that may be shown.</param>
    /// <param name="rows">How many are.</param>
    public static JsonObject Of(JsonElement answer, int budget, out int rows)
    {
        rows = 0;
        var tree = new JsonObject();
        if (answer.ValueKind != JsonValueKind.Object)
        {
            return tree;
        }

        if (answer.TryGetProperty("timed_out", out var late) && late.ValueKind == JsonValueKind.True)
        {
            tree["timed_out"] = true;
        }

        if (answer.TryGetProperty("hits", out var hits) && hits.ValueKind == JsonValueKind.Object)
        {
            Total(hits, tree);
            if (hits.TryGetProperty("hits", out var list) && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0)
            {
                tree["hits"] = Hits(list, budget, out rows);
            }
        }

        if (answer.TryGetProperty("aggregations", out var aggregations) && aggregations.ValueKind == JsonValueKind.Object)
        {
            tree["aggregations"] = Cut(aggregations, budget, 0);
        }

        return tree;
    }

    /// <summary>Any other tool's answer: lists cut to their first entries.</summary>
    public static JsonNode Plain(JsonElement output, int entries) => Cut(output, entries, 0) ?? new JsonObject();

    internal static JsonNode? Value(JsonElement cell) => cell.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => null,
        JsonValueKind.String => JsonValue.Create(Text(cell)),
        JsonValueKind.Number when cell.TryGetInt64(out var whole) => JsonValue.Create(whole),
        JsonValueKind.Number => JsonValue.Create(cell.GetDouble()),
        JsonValueKind.True or JsonValueKind.False => JsonValue.Create(cell.GetBoolean()),
        _ => JsonValue.Create(cell.GetRawText()),
    };

    private static JsonObject Hits(JsonElement list, int budget, out int rows)
    {
        if (list.GetArrayLength() > budget)
        {
            var groups = new HitGroups();
            foreach (var hit in list.EnumerateArray())
            {
                groups.Add(hit);
            }

            return groups.Tree(Math.Clamp(budget, 1, MaxGroups), out rows);
        }

        var (table, row, others) = (new JsonArray(), new HitRow(), 0);
        foreach (var hit in list.EnumerateArray())
        {
            row.Read(hit);
            others = Math.Max(others, row.Others);
            var line = new JsonArray();
            foreach (var cell in row.Cells)
            {
                line.Add(Value(cell));
            }

            table.Add((JsonNode)line);
        }

        rows = table.Count;
        return new()
        {
            ["hits_in_answer"] = rows,
            ["hits_left_out"] = 0,
            ["fields_left_out"] = others,
            ["columns"] = new JsonArray([.. LogColumns.Names.Select(static n => (JsonNode)n)]),
            ["rows"] = table,
        };
    }

    private static void Total(JsonElement hits, JsonObject tree)
    {
        if (hits.TryGetProperty("total", out var total))
        {
            var value = total.ValueKind == JsonValueKind.Object && total.TryGetProperty("value", out var inner) ? inner : total;
            tree["total"] = Value(value);
            if (total.ValueKind == JsonValueKind.Object && total.TryGetProperty("relation", out var relation) && relation.ValueKind == JsonValueKind.String && relation.ValueEquals("gte"))
            {
                tree["total_is_at_least"] = true;
            }
        }
    }

    private static JsonNode? Cut(JsonElement element, int budget, int depth)
    {
        if (depth > MaxDepth)
        {
            return "[left out: too deep]";
        }

        switch (element.ValueKind)
        {
            case JsonValueKind.Object when element.TryGetProperty("hits", out var inner) && inner.ValueKind == JsonValueKind.Object
                && inner.TryGetProperty("hits", out var list) && list.ValueKind == JsonValueKind.Array:
                return list.GetArrayLength() == 0 ? new JsonObject() : Hits(list, Math.Max(1, budget / 10), out _);
            case JsonValueKind.Object:
                var map = new JsonObject();
                foreach (var property in element.EnumerateObject())
                {
                    // A field's name comes from a document, and a document from whoever wrote the log.
                    if (IsName(property.Name) && !map.ContainsKey(property.Name))
                    {
                        map[property.Name] = Cut(property.Value, budget, depth + 1);
                    }
                }

                return map;
            case JsonValueKind.Array:
                var array = new JsonArray();
                var most = Math.Clamp(budget, 1, MaxBuckets);
                foreach (var item in element.EnumerateArray().Take(most))
                {
                    array.Add(Cut(item, budget, depth + 1));
                }

                if (element.GetArrayLength() > most)
                {
                    array.Add((JsonNode)new JsonObject { ["left_out"] = element.GetArrayLength() - most });
                }

                return array;
            default:
                return Value(element);
        }
    }

    private static string Text(JsonElement cell)
    {
        try
        {
            return cell.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // "\ud800" alone is valid JSON and yet no text.
            return "[not readable]";
        }
    }

    private static bool IsName(string name) => name.Length is > 0 and <= 100 && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '@' or ' ');
}
