using System.Text.Json.Nodes;

namespace DevOpsAgent.Agent.Guardrails;

/// <summary>One text within JSON that goes to the model.</summary>
/// <param name="Name">The nearest property's, or the column's, name.</param>
internal sealed record Leaf(JsonNode Parent, string Name, int Index, string Text)
{
    /// <summary>A deeper tree is none of ours.</summary>
    private const int MaxDepth = 60;

    /// <summary>All texts, in the order in which they are read.</summary>
    public static List<Leaf> Of(JsonNode root)
    {
        var leaves = new List<Leaf>();
        Walk(root, "", 0, leaves);
        return leaves;
    }

    /// <summary>Writes another text in its place.</summary>
    public void Replace(string text)
    {
        if (Parent is JsonObject map)
        {
            map[Name] = text;
        }
        else
        {
            ((JsonArray)Parent)[Index] = text;
        }
    }

    private static void Walk(JsonNode node, string name, int depth, List<Leaf> leaves)
    {
        if (depth > MaxDepth)
        {
            return;
        }

        switch (node)
        {
            case JsonObject map:
                foreach (var (key, value) in map)
                {
                    Step(map, key, -1, value, depth, leaves);
                }

                break;
            case JsonArray list:
                for (var i = 0; i < list.Count; i++)
                {
                    Step(list, name, i, list[i], depth, leaves);
                }

                break;
        }
    }

    private static void Step(JsonNode parent, string name, int index, JsonNode? value, int depth, List<Leaf> leaves)
    {
        if (value is JsonValue scalar)
        {
            if (scalar.TryGetValue<string>(out var text))
            {
                leaves.Add(new(parent, name, index, text));
            }
        }
        else if (value is not null)
        {
            Walk(value, name, depth + 1, leaves);
        }
    }
}
