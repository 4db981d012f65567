using Microsoft.Extensions.AI;

namespace DevOpsAgent.Agent.Llm;

/// <summary>
/// Makes a conversation smaller when the model says that it is too long. The system's messages, the first question and the last stay whole. A turn
/// with calls goes together with all its results, so no result is left without its call and no call without its result.
/// </summary>
internal static class Shortening
{
    /// <summary>Bytes of text and JSON per token, low: 3 to 4 are usual, addresses and hashes come to less.</summary>
    private const double CharactersPerToken = 2.5;
    private const int TokensPerMessage = 8;
    private const int LeastResult = 200;

    /// <summary>Tokens, about; rather too many than too few.</summary>
    public static int Estimate(IEnumerable<ChatMessage> messages) => messages.Sum(Estimate);

    /// <summary>Oldest turns go first, then the last results are cut in their middle.</summary>
    /// <param name="most">Tokens, as <see cref="Estimate(IEnumerable{ChatMessage})"/> counts them. To shorten after a refusal, give half of the estimate.</param>
    /// <param name="shorter">At most <paramref name="most"/>, or as short as it gets. The messages given are not changed.</param>
    /// <returns>False: nothing can be left out.</returns>
    public static bool TryShorten(IReadOnlyList<ChatMessage> messages, int most, out List<ChatMessage> shorter)
    {
        var turns = Turns(messages);
        // The first question, too: the last one may only ask for another form of the answer.
        var first = turns.FindIndex(static t => t[0].Role == ChatRole.User);
        var question = turns.FindLastIndex(static t => t[0].Role == ChatRole.User);
        var total = Estimate(messages);
        var before = total;
        var last = turns.Count - 1;
        for (var i = 0; i < turns.Count && total > most; i++)
        {
            if (turns[i][0].Role == ChatRole.System || i == first || i == question || i == last)
            {
                continue;
            }

            total -= Estimate(turns[i]);
            turns[i] = [];
        }

        if (total > most && last >= 0 && turns[last][0].Role != ChatRole.System)
        {
            turns[last] = CutResults(turns[last], total - most);
        }

        shorter = [.. turns.SelectMany(static t => t)];
        return Estimate(shorter) < before;
    }

    /// <summary>A turn is one message, or an assistant's calls with the messages that hold their results.</summary>
    private static List<List<ChatMessage>> Turns(IReadOnlyList<ChatMessage> messages)
    {
        var turns = new List<List<ChatMessage>>();
        foreach (var message in messages)
        {
            if (message.Role == ChatRole.Tool && turns.Count > 0 && turns[^1][0].Contents.OfType<FunctionCallContent>().Any())
            {
                turns[^1].Add(message);
            }
            else
            {
                turns.Add([message]);
            }
        }

        return turns;
    }

    private static List<ChatMessage> CutResults(List<ChatMessage> turn, int tooMany)
    {
        var results = turn.SelectMany(static m => m.Contents).OfType<FunctionResultContent>().Sum(static r => ToolResultText.Of(r).Length);
        var keep = Math.Max(0, 1 - tooMany * CharactersPerToken / Math.Max(1, results));
        return [.. turn.Select(m => m.Role == ChatRole.Tool ? Cut(m, keep) : m)];
    }

    private static ChatMessage Cut(ChatMessage message, double keep)
    {
        var shorter = message.Clone();
        shorter.Contents = [.. message.Contents.Select(c => c is FunctionResultContent result ? Cut(result, keep) : c)];
        return shorter;
    }

    private static FunctionResultContent Cut(FunctionResultContent result, double keep)
    {
        var text = ToolResultText.Of(result);
        var length = Math.Max(LeastResult, (int)(text.Length * keep) - 60);
        if (length >= text.Length)
        {
            return result;
        }

        var head = length * 2 / 3;
        var tail = length - head;
        head -= char.IsHighSurrogate(text[head - 1]) ? 1 : 0;
        tail -= char.IsLowSurrogate(text[^tail]) ? 1 : 0;
        return new(result.CallId, $"{text[..head]}\n[{text.Length - head - tail} characters left out: the model takes no more]\n{text[^tail..]}") { Exception = result.Exception };
    }

    private static int Estimate(ChatMessage message) => TokensPerMessage + (int)(message.Contents.Sum(static c => c switch
    {
        TextContent text => text.Text.Length,
        TextReasoningContent thought => thought.Text.Length,
        FunctionCallContent call => call.Name.Length + 60 + (call.Arguments ?? new Dictionary<string, object?>(StringComparer.Ordinal)).Sum(static a => a.Key.Length + (a.Value?.ToString()?.Length ?? 4)),
        FunctionResultContent result => 60 + ToolResultText.Of(result).Length,
        _ => 0,
    }) / CharactersPerToken);
}
