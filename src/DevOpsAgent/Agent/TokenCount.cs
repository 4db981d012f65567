using System.Text;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Agent;

/// <summary>An estimate of tokens where nobody counts them: a third of the UTF-8 bytes, which is more than English text and JSON come to.</summary>
internal static class TokenCount
{
    private const int BytesPerToken = 3;

    /// <summary>What a message costs beside its text: role, marks, ids.</summary>
    private const int PerMessage = 8;

    public static int Of(string? text) => text is null ? 0 : (Encoding.UTF8.GetByteCount(text) + BytesPerToken - 1) / BytesPerToken;

    public static int Of(IEnumerable<ChatMessage> messages) => messages.Sum(Of);

    public static int Of(ChatMessage message)
    {
        var count = PerMessage;
        foreach (var content in message.Contents)
        {
            count += content switch
            {
                TextContent text => Of(text.Text),
                TextReasoningContent text => Of(text.Text),
                FunctionCallContent call => Of(call.Name) + Of(CallArguments.Text(call.Arguments)),
                FunctionResultContent result => Of(result.Result as string),
                _ => PerMessage,
            };
        }

        return count;
    }
}
