using System.Text;
using System.Text.Json;
using DevOpsAgent.Agent.Llm;
using DevOpsAgent.Configuration;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Tests.Agent.Llm;

/// <summary>Answers as the providers write them.</summary>
internal static class Wire
{
    public const string Events = "text/event-stream";
    public const string Lines = "application/x-ndjson";

    public static readonly IReadOnlyList<LlmDialect> Dialects = Enum.GetValues<LlmDialect>();

    /// <summary>Every provider, streamed or not.</summary>
    public static TheoryData<string, bool> Ways
    {
        get
        {
            var ways = new TheoryData<string, bool>();
            foreach (var dialect in Dialects)
            {
                ways.Add(dialect.ToString(), false);
                ways.Add(dialect.ToString(), true);
            }

            return ways;
        }
    }

    public static LlmConfig Config(LlmDialect dialect, Uri root) => new()
    {
        ServiceType = "url",
        Url = root.AbsoluteUri.TrimEnd('/') + dialect switch { LlmDialect.OllamaGenerate => "/api/generate", LlmDialect.OllamaChat => "/api/chat", LlmDialect.OpenAi => "/v1", _ => "/v1/messages" },
        ApiKey = new(ScriptedModel.Key),
        Model = "m",
    };

    public static AIFunctionDeclaration Tool(string name) => AIFunctionFactory.CreateDeclaration(name, "Looks something up.", JsonDocument.Parse("""{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}""").RootElement);

    /// <summary>An answer in text, whole or in pieces.</summary>
    public static (string Body, string Type) Text(LlmDialect dialect, bool stream, params string[] pieces) => (dialect, stream) switch
    {
        (LlmDialect.OllamaGenerate, _) => (string.Concat(pieces.Select(static p => $"{{\"model\":\"m\",\"response\":{Json(p)},\"done\":false}}\n")) + "{\"model\":\"m\",\"response\":\"\",\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":11,\"eval_count\":7}\n", Lines),
        (LlmDialect.OllamaChat, _) => (string.Concat(pieces.Select(static p => $"{{\"model\":\"m\",\"message\":{{\"role\":\"assistant\",\"content\":{Json(p)}}},\"done\":false}}\n")) + OllamaEnd, Lines),
        (LlmDialect.OpenAi, false) => (OpenAi($"\"content\":{Json(string.Concat(pieces))}", "stop"), "application/json"),
        (LlmDialect.OpenAi, true) => (string.Concat(pieces.Select(static p => OpenAiEvent($"\"content\":{Json(p)}", null))) + OpenAiEvent("", "stop") + OpenAiEnd, Events),
        (_, false) => (Anthropic($"{{\"type\":\"text\",\"text\":{Json(string.Concat(pieces))}}}", "end_turn"), "application/json"),
        _ => (AnthropicStart + """
            event: content_block_start
            data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}


            """ + string.Concat(pieces.Select(static p => $"event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":{Json(p)}}}}}\n\n"))
            + "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n" + AnthropicEnd("end_turn"), Events),
    };

    /// <summary>Two calls of query_logs at once, with n 1 and 2.</summary>
    public static (string Body, string Type) Calls(LlmDialect dialect, bool stream) => (dialect, stream) switch
    {
        (LlmDialect.OllamaGenerate, _) => Text(dialect, stream, "{\"thought\":\"look\",\"calls\":[{\"tool\":\"query_logs\",\"argu", "ments\":{\"n\":1}},{\"tool\":\"query_logs\",\"arguments\":{\"n\":2}}]}"),
        (LlmDialect.OllamaChat, _) => ("""{"model":"m","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"query_logs","arguments":{"n":1}}},{"function":{"name":"query_logs","arguments":{"n":2}}}]},"done":false}""" + "\n" + OllamaEnd, Lines),
        (LlmDialect.OpenAi, false) => (OpenAi("""
            "content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"query_logs","arguments":"{\"n\":1}"}},{"id":"b","type":"function","function":{"name":"query_logs","arguments":"{\"n\":2}"}}]
            """, "tool_calls"), "application/json"),
        (LlmDialect.OpenAi, true) => (
            OpenAiEvent("""
                "tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"query_logs","arguments":""}}]
                """, null)
            + OpenAiEvent("""
                "tool_calls":[{"index":0,"function":{"arguments":"{\"n\""}},{"index":1,"id":"b","type":"function","function":{"name":"query_logs","arguments":"{\"n\":2}"}}]
                """, null)
            + OpenAiEvent("""
                "tool_calls":[{"index":0,"function":{"arguments":":1}"}}]
                """, null)
            + OpenAiEvent("", "tool_calls") + OpenAiEnd, Events),
        (_, false) => (Anthropic("""{"type":"tool_use","id":"a","name":"query_logs","input":{"n":1}},{"type":"tool_use","id":"b","name":"query_logs","input":{"n":2}}""", "tool_use"), "application/json"),
        _ => (AnthropicStart + AnthropicCall(0, "a", "{\\\"n\\\"", ":1}") + AnthropicCall(1, "b", "{\\\"n\\\":2}") + AnthropicEnd("tool_use"), Events),
    };

    /// <summary>One call whose arguments are not JSON.</summary>
    public static (string Body, string Type) BadArguments(bool stream) => stream
        ? (OpenAiEvent("\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"query_logs\",\"arguments\":\"{n: 1\"}}]", null) + OpenAiEvent("", "tool_calls") + OpenAiEnd, Events)
        : (OpenAi("\"content\":null,\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"query_logs\",\"arguments\":\"{n: 1\"}}]", "tool_calls"), "application/json");

    public static string OllamaEnd => """{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":11,"eval_count":7}""" + "\n";

    public static string OpenAiEnd => """
        data: {"id":"c1","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}

        data: [DONE]


        """;

    public static string OpenAi(string message, string finish) => $$$"""
        {"id":"c1","object":"chat.completion","created":1700000000,"model":"m","choices":[{"index":0,"message":{"role":"assistant",{{{message}}}},"finish_reason":"{{{finish}}}"}],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}
        """;

    public static string OpenAiEvent(string delta, string? finish) =>
        "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{" + delta.Trim() + "},\"finish_reason\":" + Json(finish) + "}],\"usage\":null}\n\n";

    public static string AnthropicStart => """
        event: message_start
        data: {"type":"message_start","message":{"id":"c1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":11,"output_tokens":1}}}


        """;

    public static string AnthropicEnd(string reason) => $$$"""
        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"{{{reason}}}","stop_sequence":null},"usage":{"output_tokens":7}}

        event: message_stop
        data: {"type":"message_stop"}


        """;

    public static string Anthropic(string content, string reason) => $$$"""
        {"id":"c1","type":"message","role":"assistant","model":"m","content":[{{{content}}}],"stop_reason":"{{{reason}}}","stop_sequence":null,"usage":{"input_tokens":11,"output_tokens":7}}
        """;

    /// <summary>Asks by either way and gives the whole answer.</summary>
    public static async Task<ChatResponse> AskAsync(this IChatClient client, bool stream, IReadOnlyList<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) => stream
        ? await client.GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken)
        : await client.GetResponseAsync(messages, options, cancellationToken);

    public static Task<ChatResponse> AskAsync(this IChatClient client, bool stream, ChatOptions? options = null) => client.AskAsync(stream, [new(ChatRole.System, "Be short."), new(ChatRole.User, "Who is it?")], options);

    public static async Task<LlmException> FailAsync(this IChatClient client, bool stream, ChatOptions? options = null) => await Should.ThrowAsync<LlmException>(() => client.AskAsync(stream, options));

    private static string AnthropicCall(int index, string id, params string[] pieces) => new StringBuilder()
        .Append($"event: content_block_start\ndata: {{\"type\":\"content_block_start\",\"index\":{index},\"content_block\":{{\"type\":\"tool_use\",\"id\":\"{id}\",\"name\":\"query_logs\",\"input\":{{}}}}}}\n\n")
        .AppendJoin("", pieces.Select(p => $"event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":{index},\"delta\":{{\"type\":\"input_json_delta\",\"partial_json\":\"{p}\"}}}}\n\n"))
        .Append($"event: content_block_stop\ndata: {{\"type\":\"content_block_stop\",\"index\":{index}}}\n\n").ToString();

    private static string Json(string? text) => JsonSerializer.Serialize(text);
}
