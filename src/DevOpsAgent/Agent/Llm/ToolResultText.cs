using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Agent.Llm;

/// <summary>What a tool gave, as text for the model.</summary>
internal static class ToolResultText
{
    public static string Of(FunctionResultContent result) => result switch
    {
        { Exception: { } e, Result: null } => $"error: {e.Message}",
        { Result: null } => "",
        { Result: string text } => text,
        { Result: JsonElement element } => element.GetRawText(),
        { Result: JsonNode node } => node.ToJsonString(LlmJson.Compact),
        _ => JsonSerializer.Serialize(result.Result, LlmJson.Compact),
    };
}
