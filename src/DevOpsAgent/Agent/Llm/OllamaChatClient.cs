using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Agent.Llm;

/// <summary>Ollama's /api/chat. Tools are its own; a call comes whole, with its arguments as an object and often without an id.</summary>
internal sealed class OllamaChatClient(HttpClient http, LlmEndpoint endpoint, int contextWindow) : IChatClient
{
    private readonly OllamaLines _lines = new(http, endpoint);

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var id = CallId.New();
        var calls = 0;
        await foreach (var line in _lines.AskAsync(Body(messages, options), cancellationToken))
        {
            var contents = line.TryGetProperty("message", out var message) ? Contents(message) : [];
            calls += contents.OfType<FunctionCallContent>().Count();
            if (OllamaRequest.IsLast(line))
            {
                yield return OllamaRequest.End(line, contents, id, calls > 0 ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop);
            }
            else if (contents.Count > 0)
            {
                yield return new(ChatRole.Assistant, contents) { ResponseId = id, MessageId = id };
            }
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose()
    {
        // The connection is CheckedChatClient's.
    }

    // {"role":"assistant","content":"","tool_calls":[{"function":{"name":"query_logs","arguments":{"minutes":5}}}]}
    private static List<AIContent> Contents(JsonElement message)
    {
        var contents = new List<AIContent>();
        if (OllamaRequest.Text(message, "thinking") is { Length: > 0 } thought)
        {
            contents.Add(new TextReasoningContent(thought));
        }

        if (OllamaRequest.Text(message, "content") is { Length: > 0 } text)
        {
            contents.Add(new TextContent(text));
        }

        if (message.ValueKind == JsonValueKind.Object && message.TryGetProperty("tool_calls", out var calls) && calls.ValueKind == JsonValueKind.Array)
        {
            foreach (var call in calls.EnumerateArray())
            {
                var function = call.ValueKind == JsonValueKind.Object && call.TryGetProperty("function", out var named) ? named : default;
                var arguments = function.ValueKind == JsonValueKind.Object && function.TryGetProperty("arguments", out var given) ? given : default;
                contents.Add(ToolArguments.Call(OllamaRequest.Text(call, "id") ?? "", OllamaRequest.Text(function, "name") ?? "", arguments));
            }
        }

        return contents;
    }

    private JsonObject Body(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        var body = OllamaRequest.Of(options, endpoint, contextWindow);
        body["messages"] = Messages(messages.ToList());
        var tools = (options?.Tools ?? []).OfType<AIFunctionDeclaration>().ToList();
        if (tools.Count > 0 && options?.ToolMode is not NoneChatToolMode)
        {
            body["tools"] = new JsonArray([.. tools.Select(static t => new JsonObject
            {
                ["type"] = "function",
                ["function"] = new JsonObject { ["name"] = t.Name, ["description"] = t.Description, ["parameters"] = JsonNode.Parse(t.JsonSchema.GetRawText()) },
            })]);
        }
        else if (options?.ResponseFormat is ChatResponseFormatJson json)
        {
            // With tools the form would forbid the calls.
            body["format"] = json.Schema is { } schema ? JsonNode.Parse(schema.GetRawText()) : "json";
        }

        return body;
    }

    private static JsonArray Messages(List<ChatMessage> messages)
    {
        var names = messages.SelectMany(static m => m.Contents).OfType<FunctionCallContent>().DistinctBy(static c => c.CallId, StringComparer.Ordinal).ToDictionary(static c => c.CallId, static c => c.Name, StringComparer.Ordinal);
        var all = new JsonArray();
        foreach (var message in messages)
        {
            foreach (var result in message.Contents.OfType<FunctionResultContent>())
            {
                all.Add(new JsonObject { ["role"] = "tool", ["tool_name"] = names.GetValueOrDefault(result.CallId) ?? "", ["tool_call_id"] = result.CallId, ["content"] = ToolResultText.Of(result) });
            }

            if (message.Role != ChatRole.Tool)
            {
                all.Add(Message(message));
            }
        }

        return all;
    }

    private static JsonObject Message(ChatMessage message)
    {
        var one = new JsonObject { ["role"] = message.Role.Value, ["content"] = message.Text };
        var calls = message.Contents.OfType<FunctionCallContent>().ToList();
        if (calls.Count > 0)
        {
            one["tool_calls"] = new JsonArray([.. calls.Select(static c => new JsonObject
            {
                ["id"] = c.CallId,
                ["function"] = new JsonObject { ["name"] = c.Name, ["arguments"] = JsonSerializer.SerializeToNode(c.Arguments ?? new Dictionary<string, object?>(StringComparer.Ordinal), LlmJson.Compact) },
            })]);
        }

        return one;
    }
}
