using DevOpsAgent.Agent.Llm;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Tests.Agent.Llm;

/// <summary>What all providers have in common, each over its own wire format.</summary>
public sealed class AnswersTests
{
    [Theory]
    [MemberData(nameof(Wire.Ways), MemberType = typeof(Wire))]
    public async Task A_plain_answer_comes_with_its_tokens_and_its_end(string name, bool stream)
    {
        var dialect = Enum.Parse<LlmDialect>(name);
        await using var server = await ScriptedModel.StartAsync();
        var (body, type) = Wire.Text(dialect, stream, "It is ", "Jürgen 🐧.");
        using var client = server.Then(200, body, type).Client(dialect);

        var answer = await client.AskAsync(stream);

        answer.Text.ShouldBe("It is Jürgen 🐧.");
        answer.FinishReason.ShouldBe(ChatFinishReason.Stop);
        answer.Usage!.InputTokenCount.ShouldBe(11);
        answer.Usage.OutputTokenCount.ShouldBe(7);
        server.Asked.Count.ShouldBe(1);
    }

    [Theory]
    [MemberData(nameof(Wire.Ways), MemberType = typeof(Wire))]
    public async Task Parallel_calls_have_ids_of_their_own_and_their_arguments(string name, bool stream)
    {
        var dialect = Enum.Parse<LlmDialect>(name);
        await using var server = await ScriptedModel.StartAsync();
        var (body, type) = Wire.Calls(dialect, stream);
        using var client = server.Then(200, body, type).Client(dialect);

        var answer = await client.AskAsync(stream, new() { Tools = [Wire.Tool("query_logs")] });

        answer.FinishReason.ShouldBe(ChatFinishReason.ToolCalls);
        var calls = Calls(answer);
        calls.Select(static c => c.Name).ShouldBe(["query_logs", "query_logs"]);
        calls.Select(static c => c.Arguments!["n"]!.ToString()).ShouldBe(["1", "2"]);
        calls.Select(static c => c.CallId).Distinct().Count().ShouldBe(2);
        calls.ShouldAllBe(static c => c.CallId.Length > 0 && c.Exception == null);
    }

    [Theory]
    [MemberData(nameof(Wire.Ways), MemberType = typeof(Wire))]
    public async Task A_conversation_with_calls_and_results_goes_out_in_the_providers_form(string name, bool stream)
    {
        var dialect = Enum.Parse<LlmDialect>(name);
        await using var server = await ScriptedModel.StartAsync();
        var (body, type) = Wire.Text(dialect, stream, "Done.");
        using var client = server.Then(200, body, type).Client(dialect);
        List<ChatMessage> conversation =
        [
            new(ChatRole.System, "Be short."),
            new(ChatRole.User, "Who is it?"),
            new(ChatRole.Assistant, [new FunctionCallContent("a", "query_logs", new Dictionary<string, object?> { ["n"] = 1 }), new FunctionCallContent("b", "query_logs", new Dictionary<string, object?> { ["n"] = 2 })]),
            new(ChatRole.Tool, [new FunctionResultContent("a", "{\"rows\":1}"), new FunctionResultContent("b", "denied")]),
        ];

        await client.AskAsync(stream, conversation, new() { Tools = [Wire.Tool("query_logs")] }, TestContext.Current.CancellationToken);

        var sent = server.Bodies[0]!;
        var text = sent.ToJsonString();
        text.ShouldNotContain(ScriptedModel.Key);
        text.Contains("\"temperature\":0.2", StringComparison.Ordinal).ShouldBe(dialect != LlmDialect.Anthropic, text);
        switch (dialect)
        {
            case LlmDialect.OllamaGenerate:
                sent["prompt"]!.GetValue<string>().Trim().Split('\n').Length.ShouldBe(4);
                sent["format"]!.GetValue<string>().ShouldBe("json");
                sent["system"]!.GetValue<string>().ShouldContain("query_logs");
                sent["options"]!["num_ctx"]!.GetValue<int>().ShouldBe(8192);
                break;
            case LlmDialect.OllamaChat:
                sent["messages"]!.AsArray().Select(static m => m!["role"]!.GetValue<string>()).ShouldBe(["system", "user", "assistant", "tool", "tool"]);
                sent["messages"]![3]!["tool_name"]!.GetValue<string>().ShouldBe("query_logs");
                sent["messages"]![2]!["tool_calls"]![1]!["function"]!["arguments"]!["n"]!.GetValue<int>().ShouldBe(2);
                sent["options"]!["num_predict"]!.GetValue<int>().ShouldBe(4096);
                break;
            case LlmDialect.OpenAi:
                sent["messages"]!.AsArray().Select(static m => m!["role"]!.GetValue<string>()).ShouldBe(["system", "user", "assistant", "tool", "tool"]);
                sent["messages"]![2]!["tool_calls"]![0]!["function"]!["arguments"]!.GetValue<string>().ShouldBe("{\"n\":1}");
                sent["messages"]![4]!["tool_call_id"]!.GetValue<string>().ShouldBe("b");
                sent["max_tokens"]!.GetValue<int>().ShouldBe(4096);
                server.Headers[0].Authorization.ToString().ShouldBe("Bearer " + ScriptedModel.Key);
                break;
            default:
                sent["system"]!.ToJsonString().ShouldContain("Be short.");
                sent["max_tokens"]!.GetValue<int>().ShouldBe(4096);
                sent["messages"]![2]!["content"]![1]!["tool_use_id"]!.GetValue<string>().ShouldBe("b");
                server.Headers[0].Authorization.ToString().ShouldBe("Bearer " + ScriptedModel.Key);
                break;
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Arguments_that_are_not_JSON_leave_a_call_that_says_so(bool stream)
    {
        await using var server = await ScriptedModel.StartAsync();
        var (body, type) = Wire.BadArguments(stream);
        using var client = server.Then(200, body, type).Client(LlmDialect.OpenAi);

        var call = Calls(await client.AskAsync(stream)).ShouldHaveSingleItem();

        call.CallId.ShouldBe("a");
        call.Exception.ShouldNotBeNull();
    }

    [Fact]
    public async Task Ids_that_a_server_gives_twice_are_made_different()
    {
        await using var server = await ScriptedModel.StartAsync();
        var (body, type) = Wire.Calls(LlmDialect.OpenAi, false);
        using var client = server.Then(200, body.Replace("\"b\"", "\"a\"", StringComparison.Ordinal), type).Client(LlmDialect.OpenAi);
        Calls(await client.AskAsync(false)).Select(static c => c.CallId).Distinct().Count().ShouldBe(2);
    }

    [Theory]
    [InlineData("OllamaGenerate")]
    [InlineData("OllamaChat")]
    [InlineData("OpenAi")]
    [InlineData("Anthropic")]
    public async Task Text_comes_while_it_is_written(string name)
    {
        var dialect = Enum.Parse<LlmDialect>(name);
        await using var server = await ScriptedModel.StartAsync();
        var (body, type) = Wire.Text(dialect, true, "first", "second");
        var seen = new TaskCompletionSource();
        var cut = body.IndexOf("second", StringComparison.Ordinal);
        cut = body.LastIndexOf('\n', cut) + 1;
        using var client = server.Then(async context =>
        {
            context.Response.ContentType = type;
            await Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(context.Response, body[..cut]);
            await context.Response.Body.FlushAsync();
            await seen.Task; // an answer that is only handed on at its end would never come
            await Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(context.Response, body[cut..]);
        }).Client(dialect);

        var text = "";
        await foreach (var update in client.GetStreamingResponseAsync([new(ChatRole.User, "?")], cancellationToken: TestContext.Current.CancellationToken))
        {
            text += update.Text;
            if (text == "first")
            {
                seen.TrySetResult();
            }
        }

        text.ShouldBe("firstsecond");
    }

    private static List<FunctionCallContent> Calls(ChatResponse answer) => [.. answer.Messages.SelectMany(static m => m.Contents).OfType<FunctionCallContent>()];
}
