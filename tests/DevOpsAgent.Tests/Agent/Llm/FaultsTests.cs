using System.Globalization;
using DevOpsAgent.Agent.Llm;
using DevOpsAgent.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Tests.Agent.Llm;

/// <summary>Answers that are none, over each provider's own wire format.</summary>
public sealed class FaultsTests
{
    private static readonly (string Name, int Status, string Body, LlmFault Kind, int Tries)[] Refusals =
    [
        ("unauthorized", 401, """{"error":{"message":"Incorrect API key provided: sk-hush-0123456789.","type":"invalid_request_error","code":"invalid_api_key"}}""", LlmFault.Unauthorized, 1),
        ("forbidden", 403, """{"type":"error","error":{"type":"permission_error","message":"not allowed"}}""", LlmFault.Unauthorized, 1),
        ("no model", 404, """{"error":"model 'm' not found"}""", LlmFault.NotFound, 1),
        ("rate", 429, """{"error":{"message":"Rate limit reached for requests","type":"requests","code":"rate_limit_exceeded"}}""", LlmFault.RateLimited, 4),
        ("rate of tokens", 429, """{"error":{"message":"Too many tokens per minute","type":"tokens","code":"rate_limit_exceeded"}}""", LlmFault.RateLimited, 4),
        ("quota", 429, """{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}""", LlmFault.QuotaExhausted, 1),
        ("credit", 400, """{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}""", LlmFault.QuotaExhausted, 1),
        ("overloaded", 529, """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""", LlmFault.Overloaded, 4),
        ("busy", 503, """{"error":"server busy, please try again.  maximum pending requests exceeded"}""", LlmFault.Overloaded, 4),
        ("broken", 500, """{"error":"llama runner process has terminated"}""", LlmFault.ServerError, 4),
        ("gateway", 502, "<html><body>502 Bad Gateway</body></html>", LlmFault.ServerError, 4),
        ("too long", 400, """{"error":{"message":"This model's maximum context length is 8192 tokens.","type":"invalid_request_error","code":"context_length_exceeded"}}""", LlmFault.ContextLength, 1),
        ("too long, Anthropic", 400, """{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}""", LlmFault.ContextLength, 1),
        ("too large", 413, """{"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}""", LlmFault.ContextLength, 1),
        ("bad", 400, """{"error":{"message":"Unknown parameter: 'x'.","type":"invalid_request_error"}}""", LlmFault.BadRequest, 1),
        ("filtered", 400, """{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","code":"content_filter"}}""", LlmFault.Refused, 1),
        ("elsewhere", 302, "", LlmFault.NotFound, 1),
        ("page of 404", 404, "<!doctype html><title>Not here</title>", LlmFault.WebPage, 1),
        ("not an error at all", 200, "<!doctype html><title>Welcome</title>", LlmFault.WebPage, 1),
        ("error with 200", 200, """{"error":"something broke"}""", LlmFault.FailedMidway, 1),
        ("nothing", 200, "", LlmFault.BadAnswer, 1),
        ("garbage", 200, "\u0001\u0002 garbage }{", LlmFault.BadAnswer, 1),
        ("another format", 200, "[1,2,3]", LlmFault.BadAnswer, 1),
    ];

    public static TheoryData<string, bool, string> RefusalsOfAll => [.. from way in Wire.Dialects from stream in new[] { false, true } from refusal in Refusals select (way.ToString(), stream, refusal.Name)];

    [Theory]
    [MemberData(nameof(RefusalsOfAll))]
    public async Task Refusals_have_their_own_names_and_only_passing_ones_are_tried_again(string dialect, bool stream, string name)
    {
        var (_, status, body, kind, tries) = Refusals.Single(r => r.Name == name);
        await using var server = await ScriptedModel.StartAsync();
        using var client = server.Client(Enum.Parse<LlmDialect>(dialect));
        for (var i = 0; i < 5; i++)
        {
            server.Then(status, body, body.StartsWith('<') ? "text/html" : "application/json", status == 302 ? [("Location", "http://elsewhere.example/")] : []);
        }

        var fault = await client.FailAsync(stream);

        fault.Kind.ShouldBe(kind, fault.Message);
        server.Asked.Count.ShouldBe(tries);
        fault.Message.ShouldContain("model m at http://127.0.0.1");
        fault.ToString().ShouldNotContain(ScriptedModel.Key);
    }

    [Theory]
    [MemberData(nameof(Wire.Ways), MemberType = typeof(Wire))]
    public async Task Retry_after_is_obeyed_in_seconds_and_as_a_date(string name, bool stream)
    {
        var dialect = Enum.Parse<LlmDialect>(name);
        await using var server = await ScriptedModel.StartAsync();
        var (body, type) = Wire.Text(dialect, stream, "ready");
        const string Limited = """{"error":{"message":"slow down","code":"rate_limit_exceeded"}}""";
        using var client = server
            .Then(429, Limited, headers: [("Retry-After", "17")])
            .Then(429, Limited, headers: [("Date", "Sat, 21 Nov 2026 09:00:00 GMT"), ("Retry-After", "Sat, 21 Nov 2026 09:00:31 GMT")])
            .Then(529, Limited)
            .Then(200, body, type)
            .Client(dialect);

        (await client.AskAsync(stream)).Text.ShouldBe("ready");

        server.Time.Pauses.Count.ShouldBe(3);
        server.Time.Pauses[0].ShouldBe(TimeSpan.FromSeconds(17));
        server.Time.Pauses[1].ShouldBe(TimeSpan.FromSeconds(31));
        server.Time.Pauses[2].ShouldBeInRange(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4));
    }

    [Fact]
    public async Task A_server_that_asks_to_wait_for_an_hour_is_not_waited_for()
    {
        await using var server = await ScriptedModel.StartAsync();
        using var client = server.Then(429, """{"error":"later"}""", headers: [("Retry-After", "3600")]).Client(LlmDialect.OllamaChat);
        var fault = await client.FailAsync(false);
        fault.RetryAfter.ShouldBe(TimeSpan.FromHours(1));
        fault.Message.ShouldContain("asks to wait 3600 s");
        server.Time.Pauses.ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Wire.Ways), MemberType = typeof(Wire))]
    public async Task An_answer_cut_anywhere_is_none(string name, bool stream)
    {
        var dialect = Enum.Parse<LlmDialect>(name);
        var (body, type) = Wire.Text(dialect, stream, "all ", "is ", "well");
        await using var server = await ScriptedModel.StartAsync();
        using var client = server.ThenCut(body[..(body.Length / 2)], type).Client(dialect);
        (await client.FailAsync(stream)).Kind.ShouldBe(LlmFault.CutStream);

        // An orderly end where the answer isn't at its own.
        if (stream || type == Wire.Lines)
        {
            server.Then(200, body[..(body.LastIndexOf("well", StringComparison.Ordinal) - 40)], type);
            using var again = server.Client(dialect);
            (await again.FailAsync(stream)).Kind.ShouldBeOneOf(LlmFault.CutStream, LlmFault.BadAnswer);
        }
    }

    [Theory]
    [InlineData("OllamaGenerate", false)]
    [InlineData("OllamaGenerate", true)]
    [InlineData("OllamaChat", false)]
    [InlineData("OllamaChat", true)]
    [InlineData("OpenAi", true)]
    [InlineData("Anthropic", true)]
    public async Task An_error_in_the_middle_of_an_answer_fails_it_and_is_not_retried(string name, bool stream)
    {
        var dialect = Enum.Parse<LlmDialect>(name);
        var (body, type) = Wire.Text(dialect, true, "all is well", "so far");
        var error = dialect switch
        {
            LlmDialect.OpenAi => "data: {\"error\":{\"message\":\"The server had an error\",\"type\":\"server_error\"}}\n\n",
            LlmDialect.Anthropic => "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"Internal server error\"}}\n\n",
            _ => "{\"error\":\"an error was encountered while running the model: CUDA error\"}\n",
        };
        var at = type == Wire.Lines ? body.IndexOf('\n', StringComparison.Ordinal) + 1 : body.IndexOf("\n\n", body.IndexOf("all is well", StringComparison.Ordinal), StringComparison.Ordinal) + 2;
        await using var server = await ScriptedModel.StartAsync();
        using var client = server.Then(200, body[..at] + error + body[at..], type).Client(dialect);
        var fault = await client.FailAsync(stream);
        fault.Kind.ShouldBe(LlmFault.FailedMidway);
        fault.Message.ShouldContain("error");
        server.Asked.Count.ShouldBe(1);
    }

    [Theory]
    [MemberData(nameof(Wire.Ways), MemberType = typeof(Wire))]
    public async Task An_endless_answer_is_ended(string name, bool stream)
    {
        var dialect = Enum.Parse<LlmDialect>(name);
        var (body, type) = Wire.Text(dialect, stream, new string('x', 4000));
        await using var server = await ScriptedModel.StartAsync();
        using var client = server.Then(async context =>
        {
            context.Response.ContentType = type;
            var piece = stream || type == Wire.Lines ? body[..(body.IndexOf('\n', body.IndexOf("xxxx", StringComparison.Ordinal)) + 1)] + "\n" : new string(' ', 4000);
            while (!context.RequestAborted.IsCancellationRequested)
            {
                // Once the client has gone these writes are nothing, until the abort is told.
                await context.Response.WriteAsync(piece);
                await Task.Yield();
            }
        }).Client(dialect, static c => c with { MaxOutputTokens = 16 });
        (await client.FailAsync(stream)).Kind.ShouldBe(LlmFault.Endless);
    }

    [Theory]
    [MemberData(nameof(Wire.Ways), MemberType = typeof(Wire))]
    public async Task Cancelling_stops_at_once_and_is_no_fault_of_the_model(string name, bool stream)
    {
        await using var server = await ScriptedModel.StartAsync();
        using var client = server.Then(static context => Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted)).Client(Enum.Parse<LlmDialect>(name));
        using var stop = new CancellationTokenSource();
        var asking = client.AskAsync(stream, [new(ChatRole.User, "?")], cancellationToken: stop.Token);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => asking);
    }

    [Theory]
    [MemberData(nameof(Wire.Ways), MemberType = typeof(Wire))]
    public async Task A_server_that_says_nothing_is_waited_for_until_the_limit(string name, bool stream)
    {
        await using var server = await ScriptedModel.StartAsync();
        server.Then(static context => Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted));
        using var client = server.Client(Enum.Parse<LlmDialect>(name), static c => c with { Timeout = TimeSpan.FromSeconds(1) });
        var fault = await client.FailAsync(stream);
        fault.Kind.ShouldBe(LlmFault.TimedOut);
        fault.Message.ShouldContain("1s");
    }

    [Theory]
    [MemberData(nameof(Wire.Ways), MemberType = typeof(Wire))]
    public async Task Nobody_listening_is_tried_again_and_told_with_the_address(string name, bool stream)
    {
        await using var server = await ScriptedModel.StartAsync();
        var config = Wire.Config(Enum.Parse<LlmDialect>(name), new("http://127.0.0.1:1"));
        using var client = ChatClients.Create(config, server.Time);
        var fault = await client.FailAsync(stream);
        fault.Kind.ShouldBe(LlmFault.Unreachable);
        fault.Message.ShouldContain("127.0.0.1:1");
        fault.Message.ShouldContain("Tried 4 times");
    }

    [Theory]
    [InlineData("OpenAi", false)]
    [InlineData("OpenAi", true)]
    [InlineData("Anthropic", false)]
    [InlineData("Anthropic", true)]
    public async Task A_refusal_is_not_an_answer(string name, bool stream)
    {
        await using var server = await ScriptedModel.StartAsync();
        var (body, type) = (name, stream) switch
        {
            ("OpenAi", false) => (Wire.OpenAi("\"content\":null,\"refusal\":\"I can't help with that.\"", "stop"), "application/json"),
            ("OpenAi", true) => (Wire.OpenAiEvent("\"refusal\":\"I can't help \"", null) + Wire.OpenAiEvent("\"refusal\":\"with that.\"", "stop") + Wire.OpenAiEnd, Wire.Events),
            (_, false) => (Wire.Anthropic("{\"type\":\"text\",\"text\":\"I\"}", "refusal"), "application/json"),
            _ => (Wire.AnthropicStart + Wire.AnthropicEnd("refusal"), Wire.Events),
        };
        using var client = server.Then(200, body, type).Client(Enum.Parse<LlmDialect>(name));
        var fault = await client.FailAsync(stream);
        fault.Kind.ShouldBe(LlmFault.Refused);
        if (name == "OpenAi")
        {
            fault.Message.ShouldContain("I can't help with that");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_content_filter_is_a_refusal(bool stream)
    {
        await using var server = await ScriptedModel.StartAsync();
        var body = stream ? Wire.OpenAiEvent("\"content\":\"half\"", "content_filter") + Wire.OpenAiEnd : Wire.OpenAi("\"content\":\"half\"", "content_filter");
        using var client = server.Then(200, body, stream ? Wire.Events : "application/json").Client(LlmDialect.OpenAi);
        (await client.FailAsync(stream)).Kind.ShouldBe(LlmFault.Refused);
    }

    [Fact]
    public async Task What_a_server_says_is_printed_on_one_line_and_not_at_length()
    {
        await using var server = await ScriptedModel.StartAsync();
        var words = "\\u001b[2J\\n\\u202e" + string.Concat(Enumerable.Repeat("long ", 1000));
        using var client = server.Then(400, $$"""{"error":"{{words}}"}""").Client(LlmDialect.OllamaChat);
        var fault = await client.FailAsync(false);
        fault.Message.Length.ShouldBeLessThan(500);
        fault.Message.ShouldAllBe(static c => char.GetUnicodeCategory(c) != UnicodeCategory.Control && char.GetUnicodeCategory(c) != UnicodeCategory.Format);
    }

    [Fact]
    public async Task A_key_for_a_provider_is_not_sent_to_a_url()
    {
        await using var server = await ScriptedModel.StartAsync();
        var (body, type) = Wire.Text(LlmDialect.OllamaChat, false, "ready");
        using var client = server.Then(200, body, type).Client(LlmDialect.OllamaChat, static c => c with { Provider = "openai" });
        await client.AskAsync(false);
        server.Headers[0].Authorization.Count.ShouldBe(0);
    }
}
