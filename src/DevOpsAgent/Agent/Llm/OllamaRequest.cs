using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Agent.Llm;

/// <summary>What both of Ollama's ways of asking have in common.</summary>
internal static class OllamaRequest
{
    /// <param name="contextWindow">Tokens. Ollama would take 4096 and cut the beginning off in silence.</param>
    public static JsonObject Of(ChatOptions? options, LlmEndpoint endpoint, int contextWindow)
    {
        var settings = new JsonObject { ["num_ctx"] = contextWindow };
        if (options?.Temperature is { } temperature)
        {
            settings["temperature"] = Math.Round(temperature, 4);
        }

        if (options?.MaxOutputTokens is { } most)
        {
            settings["num_predict"] = most;
        }

        if (options?.TopP is { } top)
        {
            settings["top_p"] = top;
        }

        if (options?.StopSequences is { Count: > 0 } stops)
        {
            settings["stop"] = new JsonArray([.. stops.Select(static s => (JsonNode)s)]);
        }

        return new() { ["model"] = options?.ModelId ?? endpoint.Model, ["stream"] = true, ["options"] = settings };
    }

    /// <summary>Counts and the reason of the last line.</summary>
    public static ChatResponseUpdate End(JsonElement last, IList<AIContent> contents, string id, ChatFinishReason finish)
    {
        var input = Count(last, "prompt_eval_count");
        var output = Count(last, "eval_count");
        contents.Add(new UsageContent(new() { InputTokenCount = input, OutputTokenCount = output, TotalTokenCount = input + output }));
        return new(ChatRole.Assistant, contents)
        {
            ResponseId = id,
            MessageId = id,
            ModelId = Text(last, "model"),
            FinishReason = Text(last, "done_reason") == "length" ? ChatFinishReason.Length : finish,
        };
    }

    public static bool IsLast(JsonElement line) => line.TryGetProperty("done", out var done) && done.ValueKind == JsonValueKind.True;

    public static string? Text(JsonElement element, string name) => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long? Count(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var count) ? count : null;
}
