using System.Text.Json;
using Microsoft.Extensions.AI;
using OpenAI.Chat;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace DevOpsAgent.Agent.Llm;

/// <summary>A conversation in the OpenAI SDK's types.</summary>
internal static class OpenAiMessages
{
    public static List<OpenAI.Chat.ChatMessage> Of(IEnumerable<ChatMessage> messages)
    {
        var all = new List<OpenAI.Chat.ChatMessage>();
        foreach (var message in messages)
        {
            if (message.Role == ChatRole.System)
            {
                all.Add(new SystemChatMessage(message.Text));
            }
            else if (message.Role == ChatRole.Assistant)
            {
                all.Add(OfAssistant(message));
            }
            else
            {
                all.AddRange(message.Contents.OfType<FunctionResultContent>().Select(static r => new ToolChatMessage(r.CallId, ToolResultText.Of(r))));
                if (message.Role == ChatRole.User)
                {
                    all.Add(new UserChatMessage(message.Text));
                }
            }
        }

        return all;
    }

    private static AssistantChatMessage OfAssistant(ChatMessage message)
    {
        var calls = message.Contents.OfType<FunctionCallContent>()
            .Select(static c => ChatToolCall.CreateFunctionToolCall(c.CallId, c.Name, BinaryData.FromString(JsonSerializer.Serialize(c.Arguments ?? new Dictionary<string, object?>(StringComparer.Ordinal), LlmJson.Compact))))
            .ToList();
        if (calls.Count == 0)
        {
            return new(message.Text);
        }

        var assistant = new AssistantChatMessage(calls);
        if (message.Text is { Length: > 0 } text)
        {
            assistant.Content.Add(ChatMessageContentPart.CreateTextPart(text));
        }

        return assistant;
    }
}
