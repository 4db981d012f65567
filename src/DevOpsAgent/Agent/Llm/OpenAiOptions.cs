using Microsoft.Extensions.AI;
using OpenAI.Chat;
using ChatResponseFormat = OpenAI.Chat.ChatResponseFormat;

namespace DevOpsAgent.Agent.Llm;

/// <summary>Options in the OpenAI SDK's types.</summary>
internal static class OpenAiOptions
{
    public static ChatCompletionOptions Of(ChatOptions? options, LlmEndpoint endpoint)
    {
        var all = new ChatCompletionOptions();
        if (options is null)
        {
            return all;
        }

        all.Temperature = options.Temperature;
        all.TopP = options.TopP;
        if (endpoint.Url.Host == "api.openai.com")
        {
            all.MaxOutputTokenCount = options.MaxOutputTokens;
        }
        else if (options.MaxOutputTokens is { } most)
        {
            // The SDK writes max_completion_tokens, which servers of others may pass over: the answer would have no end.
#pragma warning disable SCME0001 // the patch is marked experimental
            all.Patch.Set("$.max_tokens"u8, most);
#pragma warning restore SCME0001
        }

        foreach (var stop in options.StopSequences ?? [])
        {
            all.StopSequences.Add(stop);
        }

        foreach (var tool in (options.Tools ?? []).OfType<AIFunctionDeclaration>())
        {
            all.Tools.Add(ChatTool.CreateFunctionTool(tool.Name, tool.Description, BinaryData.FromString(tool.JsonSchema.GetRawText())));
        }

        if (all.Tools.Count > 0)
        {
            all.AllowParallelToolCalls = options.AllowMultipleToolCalls;
            all.ToolChoice = options.ToolMode switch
            {
                NoneChatToolMode => ChatToolChoice.CreateNoneChoice(),
                RequiredChatToolMode { RequiredFunctionName: { } name } => ChatToolChoice.CreateFunctionChoice(name),
                RequiredChatToolMode => ChatToolChoice.CreateRequiredChoice(),
                _ => null,
            };
        }

        all.ResponseFormat = options.ResponseFormat switch
        {
            ChatResponseFormatJson { Schema: { } schema } json => ChatResponseFormat.CreateJsonSchemaFormat(json.SchemaName ?? "answer", BinaryData.FromString(schema.GetRawText()), json.SchemaDescription),
            ChatResponseFormatJson => ChatResponseFormat.CreateJsonObjectFormat(),
            _ => null,
        };
        return all;
    }
}
