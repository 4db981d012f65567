using System.Globalization;
using System.Text;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Agent;

/// <summary>What is sent to the model. A call and its result always stay together: results are shortened in place, never dropped.</summary>
internal sealed class Conversation
{
    private const string LeftOut = "[left out to stay within the limit of tokens: ";

    private readonly List<ChatMessage> _messages = [];

    public IReadOnlyList<ChatMessage> Messages => _messages;

    public void Add(ChatMessage message) => _messages.Add(message);

    public void Add(ChatRole role, string text) => _messages.Add(new(role, text));

    /// <summary>Shortens the oldest results until the whole fits, and says so in their place.</summary>
    /// <returns>False: it is too long even so.</returns>
    public bool Fit(int maxTokens)
    {
        var tokens = TokenCount.Of(_messages);
        for (var i = 0; i < _messages.Count && tokens > maxTokens; i++)
        {
            // The newest results are what the model is to look at next.
            if (i >= _messages.Count - 1)
            {
                break;
            }

            tokens -= Shorten(_messages[i]);
        }

        return tokens <= maxTokens;
    }

    /// <summary>All of it in one text, for the hash and the audit.</summary>
    public string Text()
    {
        var text = new StringBuilder();
        foreach (var message in _messages)
        {
            text.Append("## ").Append(message.Role.Value).Append('\n');
            foreach (var content in message.Contents)
            {
                _ = content switch
                {
                    TextContent said => text.Append(said.Text).Append('\n'),
                    FunctionCallContent call => text.Append(CultureInfo.InvariantCulture, $"call {call.CallId} {call.Name} {CallArguments.Text(call.Arguments)}\n"),
                    FunctionResultContent result => text.Append(CultureInfo.InvariantCulture, $"result {result.CallId} {result.Result as string}\n"),
                    _ => text,
                };
            }
        }

        return text.ToString();
    }

    private static int Shorten(ChatMessage message)
    {
        var before = TokenCount.Of(message);
        if (message.Role == ChatRole.Tool)
        {
            for (var i = 0; i < message.Contents.Count; i++)
            {
                if (message.Contents[i] is FunctionResultContent { Result: string text } result && !text.StartsWith(LeftOut, StringComparison.Ordinal) && text.Length > 200)
                {
                    // The first line is ours: which call it was and how it ended.
                    message.Contents[i] = new FunctionResultContent(result.CallId, $"{LeftOut}{text.Split('\n', 2)[0]}]");
                }
            }
        }
        else if (message.Role == ChatRole.User && message.Text is { Length: > 2_000 } said && said.Contains("LOG_DATA ", StringComparison.Ordinal))
        {
            message.Contents = [new TextContent($"{LeftOut}{said.Split('\n', 2)[0]}]")];
        }

        return before - TokenCount.Of(message);
    }
}
