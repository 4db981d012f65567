using System.Text.Json;
using DevOpsAgent.Agent;
using DevOpsAgent.App.Cli;
using DevOpsAgent.Configuration;
using DevOpsAgent.Tests.Cli;
using DevOpsAgent.Tests.Configuration;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Tests.Agent;

/// <summary>ask: a person's question, its steps, its sources, and what comes of it when there is no answer.</summary>
public sealed class QuestionTests : IDisposable
{
    private const string TopClients = """{"size":0,"query":{"term":{"DownstreamStatus":404}},"aggs":{"c":{"terms":{"field":"source.ip"}}}}""";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_answer_cites_its_queries_and_a_query_that_was_none_is_struck_out()
    {
        await using var rig = new AgentRig();
        var done = await rig.AskAsync(new ScriptedModel().Query(TopClients).Say("203.0.113.7 with 60 requests [q1], see also [q7]."), "who was refused most?");
        done.End.ShouldBe(RunEnd.Answered, done.EndText);
        done.Answer.ShouldBe("203.0.113.7 with 60 requests [q1], see also [(no such query)].");
        rig.Told.ShouldContain(static s => s.Cite == "q1" && s.Parameters!.Contains("source.ip"));
    }

    [Fact]
    public async Task Secrets_in_a_question_do_not_leave()
    {
        await using var rig = new AgentRig();
        var model = new ScriptedModel().Say("No.");
        await rig.AskAsync(model, "did anybody use password=hunter2secret from 203.0.113.7?");
        model.Sent[0].ShouldNotContain("hunter2secret");
        model.Sent[0].ShouldContain("203.0.113.7");
    }

    [Fact]
    public async Task With_the_policy_block_it_is_not_sent_at_all()
    {
        await using var rig = new AgentRig(static c => c with { Guardrails = c.Guardrails with { InputPolicy = "block" } });
        var model = new ScriptedModel();
        var done = await rig.AskAsync(model, "my token=abcdef123456, please");
        done.End.ShouldBe(RunEnd.Withheld);
        model.Sent.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_last_turn_has_no_tools()
    {
        await using var rig = new AgentRig(static c => c with { Agent = c.Agent with { MaxTurns = 2 } });
        var model = new ScriptedModel().Query(TopClients).Say("60 [q1]");
        (await rig.AskAsync(model, "how many?")).Answer.ShouldBe("60 [q1]");
        model.Options[1].Tools.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("", RunEndOf.Garbled)]
    [InlineData("<html><body>Sign in</body></html>", RunEndOf.Garbled)]
    [InlineData("I'm sorry, but I can't help with that.", RunEndOf.Refused)]
    public async Task No_answer_has_a_name(string said, RunEndOf end)
    {
        await using var rig = new AgentRig();
        (await rig.AskAsync(new ScriptedModel { Otherwise = (_, _, _) => ScriptedModel.Updates(new TextContent(said)) }, "why?")).End.ToString().ShouldBe(end.ToString());
    }

    [Fact]
    public async Task The_command_streams_steps_and_prints_answer_and_queries()
    {
        var terminal = TestTerminal.Of();
        var exit = await RunAsync(new ScriptedModel().Query(TopClients).Say("203.0.113.7\u001b[31m, 10 requests [q1]"), terminal, json: false);
        exit.ShouldBe(ExitCode.Fine, terminal.Error.ToString());
        terminal.Out.ToString()!.ShouldStartWith("203.0.113.7\\x1b[31m, 10 requests [q1]\nq1: {\"size\":0,\"query\":");
        terminal.Error.ToString()!.ShouldContain("model asks query_logs (q1): ");
        terminal.Error.ToString()!.ShouldContain("    allow: 10 events. ");
    }

    [Fact]
    public async Task The_command_speaks_json()
    {
        var terminal = TestTerminal.Of();
        (await RunAsync(new ScriptedModel().Query(TopClients).Say("203.0.113.7 [q1]"), terminal, json: true)).ShouldBe(ExitCode.Fine);
        var answer = JsonDocument.Parse(terminal.Out.ToString()!).RootElement;
        answer.GetProperty("answer").GetString().ShouldBe("203.0.113.7 [q1]");
        answer.GetProperty("end").GetString().ShouldBe("answered");
        answer.GetProperty("steps").EnumerateArray().ShouldContain(static s => s.GetProperty("cite").GetString() == "q1");
    }

    [Fact]
    public async Task A_provider_that_is_down_is_a_dependency()
    {
        var down = new ScriptedModel { Otherwise = static (_, _, _) => throw new HttpRequestException("Connection refused") };
        (await Should.ThrowAsync<CommandException>(() => RunAsync(down, TestTerminal.Of(), json: false))).ExitCode.ShouldBe(ExitCode.Dependency);
        (await RunAsync(down, TestTerminal.Of(), json: true)).ShouldBe(ExitCode.Dependency);
    }

    [Fact]
    public async Task Without_a_model_it_says_what_to_set()
    {
        var (exit, text, error) = await TestTerminal.RunAsync(TestTerminal.Of(("USER", "ada")), "ask", "who?", "--log", _folder.Write("access.log", ""));
        exit.ShouldBe(ExitCode.Usage);
        text.ShouldBeEmpty();
        error.ShouldContain("No language model is configured");
        error.ShouldContain("--llm-url");
    }

    private async Task<int> RunAsync(ScriptedModel model, Terminal terminal, bool json)
    {
        var lines = Enumerable.Range(0, 10).Select(static i => AgentRig.Line("203.0.113.7", new(2026, 3, 1, 12, 0, i, TimeSpan.Zero), 404, "/.env", "curl"));
        var log = _folder.Write("access.log", string.Join('\n', lines));
        var loaded = ConfigReader.Load(new() { File = _folder.Write("config.yaml", $"database: {{path: {Path.Combine(_folder.Path, "agent.db")}}}\nlogs: [{log}]\n") });
        return await AskCommand.RunAsync(loaded, model, "scripted", "who was refused?", null, new("ada", "cli"), terminal, json, TestContext.Current.CancellationToken);
    }
}

/// <summary>Public names for theories.</summary>
public enum RunEndOf
{
    Garbled,
    Refused,
}
