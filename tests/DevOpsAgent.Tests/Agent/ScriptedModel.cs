using System.Runtime.CompilerServices;
using DevOpsAgent.Agent;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Tests.Agent;

/// <summary>A double of a model's client: says what a test wrote down, answer by answer, and keeps what it was sent.</summary>
internal sealed class ScriptedModel : IChatClient
{
    private readonly Queue<Func<string, ChatOptions, CancellationToken, IAsyncEnumerable<ChatResponseUpdate>>> _script = new();

    /// <summary>What each exchange was sent, as text.</summary>
    public List<string> Sent { get; } = [];

    /// <summary>The messages of the last exchange.</summary>
    public IReadOnlyList<ChatMessage> Last { get; private set; } = [];

    public List<ChatOptions> Options { get; } = [];

    /// <summary>Said when the script is at its end.</summary>
    public Func<string, ChatOptions, CancellationToken, IAsyncEnumerable<ChatResponseUpdate>> Otherwise { get; set; } = static (_, _, _) => Updates(new TextContent("READY"));

    public ScriptedModel Say(string text) => Then(new TextContent(text));

    public ScriptedModel Call(string tool, object? arguments, string id = "call_1") => Then(CallOf(tool, arguments, id));

    public ScriptedModel Query(string dsl) => Call("query_logs", new Dictionary<string, object?>(StringComparer.Ordinal) { ["query"] = dsl });

    public ScriptedModel Conclude(
        string verdict = "confirmed", int confidence = 90, string summary = "It asked for secret files.", string action = "block", string[]? evidence = null, string[]? ranges = null, string? ttl = null)
    {
        var arguments = new Dictionary<string, object?>(StringComparer.Ordinal) { ["verdict"] = verdict, ["confidence"] = confidence, ["summary"] = summary, ["action"] = action, ["evidence"] = evidence ?? ["q1", "rule:secret-files"] };
        if (ranges is not null)
        {
            arguments["ranges"] = ranges;
        }

        if (ttl is not null)
        {
            arguments["ttl"] = ttl;
        }

        return Call(ConclusionReader.Name, arguments);
    }

    public ScriptedModel Then(params AIContent[] contents) => Then((_, _, _) => Updates(contents));

    public ScriptedModel Then(Func<string, ChatOptions, CancellationToken, IAsyncEnumerable<ChatResponseUpdate>> answer)
    {
        _script.Enqueue(answer);
        return this;
    }

    public ScriptedModel Throw(Exception fault) => Then((_, _, _) => throw fault);

    public static FunctionCallContent CallOf(string tool, object? arguments, string id = "call_1") => new(id, tool, arguments as IDictionary<string, object?>);

    public static async IAsyncEnumerable<ChatResponseUpdate> Updates(params AIContent[] contents)
    {
        await Task.Yield();
        foreach (var content in contents)
        {
            yield return new(ChatRole.Assistant, [content]);
        }

        yield return new() { FinishReason = contents.OfType<FunctionCallContent>().Any() ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop };
    }

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        Last = [.. messages];
        CheckPairs(Last);
        var conversation = new Conversation();
        foreach (var message in Last)
        {
            conversation.Add(message);
        }

        var text = conversation.Text();
        Sent.Add(text);
        Options.Add(options!);
        return (_script.TryDequeue(out var next) ? next : Otherwise)(text, options!, cancellationToken);
    }

    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
        // Nothing is held.
    }

    /// <summary>What every provider demands: each call has one result, in the message after it, and no result is without a call.</summary>
    private static void CheckPairs(IReadOnlyList<ChatMessage> messages)
    {
        for (var i = 0; i < messages.Count; i++)
        {
            var calls = messages[i].Contents.OfType<FunctionCallContent>().Select(static c => c.CallId).ToList();
            calls.ShouldBeUnique();
            if (calls.Count > 0)
            {
                messages[i + 1].Contents.OfType<FunctionResultContent>().Select(static r => r.CallId).ShouldBe(calls);
            }
            else if (messages[i].Role == ChatRole.Tool)
            {
                messages[i - 1].Contents.OfType<FunctionCallContent>().ShouldNotBeEmpty();
            }
        }
    }
}
