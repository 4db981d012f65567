using System.Runtime.CompilerServices;
using System.Text;
using DevOpsAgent.Agent.Llm.React;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Agent.Llm;

/// <summary>
/// Ollama's /api/generate, which knows no turns and no tools: both go as text (<see cref="ReactPrompt"/>) and are read from text
/// (<see cref="ReactAnswer"/>). Plain text is handed on as it comes; with tools only the end says what it was.
/// </summary>
internal sealed class OllamaGenerateClient(HttpClient http, LlmEndpoint endpoint, int contextWindow) : IChatClient
{
    private readonly OllamaLines _lines = new(http, endpoint);

    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var withTools = options?.Tools?.OfType<AIFunctionDeclaration>().Any() == true && options.ToolMode is not NoneChatToolMode;
        var prompt = ReactPrompt.Of(messages.ToList(), options);
        var body = OllamaRequest.Of(options, endpoint, contextWindow);
        body["system"] = prompt.System;
        body["prompt"] = prompt.Prompt;
        if (withTools || options?.ResponseFormat is ChatResponseFormatJson)
        {
            body["format"] = "json"; // schemas came with 0.5; older ones refuse them
        }

        var id = CallId.New();
        var text = new StringBuilder();
        await foreach (var line in _lines.AskAsync(body, cancellationToken))
        {
            var contents = new List<AIContent>();
            if (OllamaRequest.Text(line, "thinking") is { Length: > 0 } thought)
            {
                contents.Add(new TextReasoningContent(thought));
            }

            var piece = OllamaRequest.Text(line, "response") ?? "";
            if (withTools)
            {
                text.Append(piece);
            }
            else if (piece.Length > 0)
            {
                contents.Add(new TextContent(piece));
            }

            if (OllamaRequest.IsLast(line))
            {
                contents.AddRange(ReactAnswer.Read(text.ToString()));
                yield return OllamaRequest.End(line, contents, id, contents.OfType<FunctionCallContent>().Any() ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop);
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
}
