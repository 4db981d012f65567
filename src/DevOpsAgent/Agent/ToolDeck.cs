using System.Text.Json;
using System.Text.Json.Nodes;
using DevOpsAgent.Guards;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Agent;

/// <summary>The tools that a model is offered, by the gateway's own names and schemas. What isn't here it can't call, whatever the gateway has.</summary>
internal static class ToolDeck
{
    /// <summary>None of them changes anything.</summary>
    public static IReadOnlyList<string> Offered { get; } = ["query_logs", "check_allowlist", "inspect_patterns", "get_incident", "propose_block"];

    public static IReadOnlyList<AITool> Of(Gateway gateway) =>
        [.. gateway.Tools.Where(static t => Offered.Contains(t.Name, StringComparer.Ordinal) && !t.HasEffect).Select(static t => Declare(t.Name, t.Description, t.Schema))];

    public static AITool Declare(string name, string description, ToolSchema schema) => AIFunctionFactory.CreateDeclaration(name, description, Schema(schema));

    /// <summary>As JSON Schema.</summary>
    public static JsonElement Schema(ToolSchema schema)
    {
        var properties = new JsonObject();
        foreach (var field in schema.Fields)
        {
            properties[field.Name] = Property(field);
        }

        var json = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = properties,
            ["required"] = new JsonArray([.. schema.Fields.Where(static f => f.Required).Select(static f => (JsonNode)f.Name)]),
            ["additionalProperties"] = false,
        };
        using var parsed = JsonDocument.Parse(json.ToJsonString());
        return parsed.RootElement.Clone();
    }

    private static JsonObject Property(ToolField field)
    {
        var property = new JsonObject { ["description"] = field.Description };
        switch (field.Type)
        {
            case FieldType.Integer:
                property["type"] = "integer";
                property["minimum"] = field.Min;
                if (field.Max != long.MaxValue)
                {
                    property["maximum"] = field.Max;
                }

                break;
            case FieldType.Boolean:
                property["type"] = "boolean";
                break;
            case FieldType.TextList:
                property["type"] = "array";
                property["items"] = new JsonObject { ["type"] = "string", ["maxLength"] = field.MaxLength };
                break;
            case FieldType.Choice:
                property["type"] = "string";
                property["enum"] = new JsonArray([.. field.Values.Select(static v => (JsonNode)v)]);
                break;
            default:
                property["type"] = "string";
                property["maxLength"] = field.MaxLength;
                break;
        }

        return property;
    }
}
