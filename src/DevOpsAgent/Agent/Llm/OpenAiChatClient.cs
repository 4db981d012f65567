using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;
using OpenAI.Chat;
using ChatFinishReason = Microsoft.Extensions.AI.ChatFinishReason;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace DevOpsAgent.Agent.Llm;

/// <summary>The OpenAI SDK's client as <see cref="IChatClient"/>. It serves compatible servers (vLLM, llama.cpp, LM Studio, Mistral, ...) too.</summary>
internal sealed class OpenAiChatClient(ChatClient client, LlmEndpoint endpoint) : IChatClient
{
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var answer = (await client.CompleteChatAsync(OpenAiMessages.Of(messages), OpenAiOptions.Of(options, endpoint), cancellationToken)).Value;
        var contents = new List<AIContent>();
        if (Text(answer.Content) is { Length: > 0 } text)
        {
            contents.Add(new TextContent(text));
        }

        if (!string.IsNullOrEmpty(answer.Refusal))
        {
            contents.Add(new ErrorContent(answer.Refusal));
        }

        foreach (var call in answer.ToolCalls)
        {
            contents.Add(ToolArguments.Call(call.Id ?? "", call.FunctionName ?? "", Utf8(call.FunctionArguments)));
        }

        return new(new ChatMessage(ChatRole.Assistant, contents))
        {
            ResponseId = answer.Id,
            ModelId = answer.Model,
            FinishReason = Finish(answer.FinishReason),
            Usage = Usage(answer.Usage),
        };
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var calls = new SortedDictionary<int, CallParts>();
        var refusal = new StringBuilder();
        ChatFinishReason? finish = null;
        string? id = null;
        await foreach (var update in client.CompleteChatStreamingAsync(OpenAiMessages.Of(messages), OpenAiOptions.Of(options, endpoint), cancellationToken))
        {
            id ??= update.CompletionId;
            finish = update.FinishReason is { } reason ? Finish(reason) : finish;
            refusal.Append(update.RefusalUpdate);
            foreach (var part in update.ToolCallUpdates)
            {
                Add(calls, part);
            }

            var contents = new List<AIContent>();
            if (Text(update.ContentUpdate) is { Length: > 0 } text)
            {
                contents.Add(new TextContent(text));
            }

            if (Usage(update.Usage) is { } usage)
            {
                contents.Add(new UsageContent(usage));
            }

            if (contents.Count > 0)
            {
                yield return new(ChatRole.Assistant, contents) { ResponseId = id, MessageId = id, ModelId = update.Model };
            }
        }

        // Calls come in pieces, and only the end says that they are whole.
        var last = new List<AIContent>();
        if (finish is not null)
        {
            last.AddRange(calls.Values.Select(static c => ToolArguments.Call(c.Id, c.Name, c.Arguments.ToString())));
        }

        if (refusal.Length > 0)
        {
            last.Add(new ErrorContent(refusal.ToString()));
        }

        yield return new(ChatRole.Assistant, last) { ResponseId = id, MessageId = id, FinishReason = finish };
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose()
    {
        // The connection is CheckedChatClient's.
    }

    private static void Add(SortedDictionary<int, CallParts> calls, StreamingChatToolCallUpdate part)
    {
        if (!calls.TryGetValue(part.Index, out var call))
        {
            calls[part.Index] = call = new();
        }

        call.Id = part.ToolCallId is { Length: > 0 } id ? id : call.Id;
        call.Name = part.FunctionName is { Length: > 0 } name ? name : call.Name;
        call.Arguments.Append(Utf8(part.FunctionArgumentsUpdate));
    }

    private static string Text(ChatMessageContent? content) => content is null ? "" : string.Concat(content.Where(static p => p.Kind == ChatMessageContentPartKind.Text).Select(static p => p.Text));

    private static string Utf8(BinaryData? data) => data is null || data.ToMemory().IsEmpty ? "" : data.ToString();

    private static ChatFinishReason Finish(OpenAI.Chat.ChatFinishReason reason) => reason switch
    {
        OpenAI.Chat.ChatFinishReason.Length => ChatFinishReason.Length,
        OpenAI.Chat.ChatFinishReason.ContentFilter => ChatFinishReason.ContentFilter,
        OpenAI.Chat.ChatFinishReason.ToolCalls or OpenAI.Chat.ChatFinishReason.FunctionCall => ChatFinishReason.ToolCalls,
        _ => ChatFinishReason.Stop,
    };

    private static UsageDetails? Usage(ChatTokenUsage? usage) => usage is null ? null : new()
    {
        InputTokenCount = usage.InputTokenCount,
        OutputTokenCount = usage.OutputTokenCount,
        TotalTokenCount = usage.TotalTokenCount,
        CachedInputTokenCount = usage.InputTokenDetails?.CachedTokenCount,
    };

    private sealed class CallParts
    {
        public string Id { get; set; } = "";

        public string Name { get; set; } = "";

        public StringBuilder Arguments { get; } = new();
    }
}
