using System.Text.Json;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Agent.Llm.React;

/// <summary>
/// What a model that was given <see cref="ReactPrompt"/> answers. Calls are taken only from an answer that is one JSON object, bare or in
/// one code fence: a log line that the model quotes in its prose, with calls in it, calls nothing.
/// </summary>
internal static class ReactAnswer
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <param name="text">Hostile.</param>
    /// <returns>Thought, calls, or the answer as text. What has none of the forms is the answer as it stands.</returns>
    public static List<AIContent> Read(string text)
    {
        var contents = new List<AIContent>();
        var rest = WithoutThinking(text, contents).Trim();
        try
        {
            using var document = JsonDocument.Parse(WithoutFence(rest), Strict);
            if (document.RootElement.ValueKind == JsonValueKind.Object && TryRead(document.RootElement, contents))
            {
                return contents;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // An answer in prose.
        }

        contents.RemoveAll(static c => c is FunctionCallContent);
        if (rest.Length > 0)
        {
            contents.Add(new TextContent(rest));
        }

        return contents;
    }

    private static bool TryRead(JsonElement root, List<AIContent> contents)
    {
        if (root.TryGetProperty("thought", out var thought) && thought.ValueKind == JsonValueKind.String && thought.GetString() is { Length: > 0 } words)
        {
            contents.Add(new TextReasoningContent(words));
        }

        if (root.TryGetProperty("calls", out var calls) && calls.ValueKind == JsonValueKind.Array && calls.GetArrayLength() > 0)
        {
            // An answer beside calls was made up before what they give was known.
            foreach (var call in calls.EnumerateArray())
            {
                contents.Add(Call(call));
            }

            return true;
        }

        if (!root.TryGetProperty("answer", out var answer))
        {
            return false;
        }

        contents.Add(new TextContent(answer.ValueKind == JsonValueKind.String ? answer.GetString()! : answer.GetRawText()));
        return true;
    }

    private static FunctionCallContent Call(JsonElement call)
    {
        var name = OllamaRequest.Text(call, "tool") ?? "";
        return call.ValueKind == JsonValueKind.Object && call.TryGetProperty("arguments", out var arguments)
            ? ToolArguments.Call(CallId.New(), name, arguments)
            : ToolArguments.Call(CallId.New(), name, "");
    }

    // <think>The user wants ...</think>{"thought": ...
    private static string WithoutThinking(string text, List<AIContent> contents)
    {
        const string Open = "<think>";
        const string Close = "</think>";
        var start = text.AsSpan().TrimStart();
        if (!start.StartsWith(Open, StringComparison.Ordinal) || start.IndexOf(Close, StringComparison.Ordinal) is not (>= 0 and var end))
        {
            return text;
        }

        if (start[Open.Length..end].Trim() is { Length: > 0 } thought)
        {
            contents.Add(new TextReasoningContent(thought.ToString()));
        }

        return start[(end + Close.Length)..].ToString();
    }

    // ```json
    // {"thought": ...}
    // ```
    private static ReadOnlyMemory<char> WithoutFence(string text)
    {
        const string Fence = "```";
        var inner = text.AsMemory();
        if (!text.StartsWith(Fence, StringComparison.Ordinal) || !text.EndsWith(Fence, StringComparison.Ordinal) || text.Length < 2 * Fence.Length)
        {
            return inner;
        }

        inner = inner[Fence.Length..^Fence.Length];
        var line = inner.Span.IndexOf('\n');
        return line >= 0 && inner.Span[..line].Trim() is "" or "json" or "JSON" ? inner[(line + 1)..] : inner;
    }
}
