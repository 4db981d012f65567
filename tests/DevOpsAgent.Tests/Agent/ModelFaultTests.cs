using System.Runtime.CompilerServices;
using DevOpsAgent.Agent;
using DevOpsAgent.Agent.Llm;
using DevOpsAgent.Guards.Receipts;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Tests.Agent;

/// <summary>What a model and its provider can do wrong. Each run ends by its name, and what the rules found stands.</summary>
public sealed class ModelFaultTests
{
    private static async Task<Investigation> RunAsync(ScriptedModel model, RunEnd expected, Func<DevOpsAgent.Configuration.AgentConfig, DevOpsAgent.Configuration.AgentConfig>? change = null)
    {
        await using var rig = new AgentRig(change);
        var done = await rig.InvestigateAsync(model);
        done.End.ShouldBe(expected, done.EndText);
        (done.Conclusion is not null).ShouldBe(expected == RunEnd.Answered);
        if (expected != RunEnd.Answered)
        {
            done.EndText.ShouldNotBeEmpty();
        }

        rig.ShouldStand();
        rig.Store.Investigations.Of(rig.Incident.Id).ShouldHaveSingleItem().End.ShouldBe(expected);
        return done;
    }

    [Theory]
    [InlineData("¤§%&/ lorem \0 ipsum {{{{")]
    [InlineData("<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>")]
    [InlineData("{\"verdict\":\"yes\"}")]
    [InlineData("{\"verdict\":\"confirmed\",\"confidence\":900,\"summary\":\"x\",\"evidence\":[],\"action\":\"block\"}")]
    [InlineData("{\"verdict\":\"confirmed\",\"confidence\":90,\"summary\":\"x\",\"evidence\":[],\"action\":\"delete everything\"}")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[")]
    public async Task Garbage(string text) => await RunAsync(new ScriptedModel { Otherwise = (_, _, _) => ScriptedModel.Updates(new TextContent(text)) }, RunEnd.Garbled);

    [Fact]
    public async Task Nothing_at_all() => await RunAsync(new ScriptedModel { Otherwise = static (_, _, _) => ScriptedModel.Updates() }, RunEnd.Garbled);

    [Fact]
    public async Task Garbage_once_is_asked_again()
    {
        var model = new ScriptedModel().Say("READY").Say("hm").Say("").Conclude();
        (await RunAsync(model, RunEnd.Answered)).Turns.ShouldBe(4);
        model.Sent[2].ShouldContain("That is no conclusion: there is no JSON object in it.");
    }

    [Fact]
    public async Task An_endless_answer_is_cut()
    {
        var model = new ScriptedModel { Otherwise = static (_, _, token) => Endless(token) };
        var done = await RunAsync(model, RunEnd.Garbled);
        done.Steps.ShouldAllBe(static s => s.Text.Length <= RunStep.MaxText + 1);
    }

    [Fact]
    public async Task An_endless_stream_of_nothing_ends()
    {
        await RunAsync(new ScriptedModel { Otherwise = static (_, _, token) => Nothing(token) }, RunEnd.Garbled);
    }

    [Fact]
    public async Task A_stream_that_breaks_off_is_asked_for_once_more()
    {
        var model = new ScriptedModel().Then(static (_, _, _) => Cut()).Say("READY").Conclude();
        var done = await RunAsync(model, RunEnd.Answered);
        done.Steps.ShouldContain(static s => s.Text.Contains("broke off"));

        // Half a call is no call: nothing was run for it.
        done.Steps.Count(static s => s is { Kind: StepKind.Called, ByCode: false }).ShouldBe(0);
        await RunAsync(new ScriptedModel { Otherwise = static (_, _, _) => Cut() }, RunEnd.CutOff);
    }

    [Fact]
    public async Task A_provider_that_is_down() => (await RunAsync(new ScriptedModel { Otherwise = static (_, _, _) => throw new HttpRequestException("Connection refused (localhost:11434), key sk-abcdefghijklmnopqrstuvwx") }, RunEnd.ProviderDown))
        .EndText.ShouldBe("Connection refused (localhost:11434), key [secret removed]");

    public static TheoryData<int, string> Kinds => new()
    {
        { (int)LlmFault.Unreachable, nameof(RunEnd.ProviderDown) }, { (int)LlmFault.QuotaExhausted, nameof(RunEnd.ProviderDown) }, { (int)LlmFault.WebPage, nameof(RunEnd.ProviderDown) },
        { (int)LlmFault.Refused, nameof(RunEnd.Refused) }, { (int)LlmFault.ContextLength, nameof(RunEnd.StoppedByTokens) }, { (int)LlmFault.CutStream, nameof(RunEnd.CutOff) },
        { (int)LlmFault.BadAnswer, nameof(RunEnd.Garbled) }, { (int)LlmFault.Endless, nameof(RunEnd.Garbled) },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Faults_of_the_wire_end_the_run_by_name(int fault, string end) =>
        await RunAsync(new ScriptedModel { Otherwise = (_, _, _) => throw new LlmException((LlmFault)fault, "the model failed") }, Enum.Parse<RunEnd>(end));

    [Fact]
    public async Task What_is_too_long_is_shortened_and_sent_again()
    {
        var model = new ScriptedModel().Query("""{"size":40}""").Throw(new LlmException(LlmFault.ContextLength, "too long")).Say("READY").Conclude();
        var done = await RunAsync(model, RunEnd.Answered);
        done.Steps.ShouldContain(static s => s.Text.Contains("older results are left out"));
        model.Sent[2].Length.ShouldBeLessThanOrEqualTo(model.Sent[1].Length);
    }

    [Fact]
    public async Task A_filter_of_the_provider_is_a_refusal() =>
        await RunAsync(new ScriptedModel { Otherwise = static (_, _, _) => Filtered() }, RunEnd.Refused);

    [Fact]
    public async Task A_model_that_declines_in_words_is_a_refusal() =>
        await RunAsync(new ScriptedModel { Otherwise = static (_, _, _) => ScriptedModel.Updates(new TextContent("I'm sorry, but I can't assist with that.")) }, RunEnd.Refused);

    [Fact]
    public async Task Invalid_arguments_unknown_tools_and_wrong_ids_get_a_result_each()
    {
        await using var rig = new AgentRig();
        var model = new ScriptedModel().Then(
            new FunctionCallContent("", "query_logs", new Dictionary<string, object?>(StringComparer.Ordinal) { ["query"] = """{"size":1}""" }),
            new FunctionCallContent("same", "query_logs", null) { Exception = new FormatException("bad json") },
            new FunctionCallContent("same", "no_such_tool", new Dictionary<string, object?>(StringComparer.Ordinal)),
            new FunctionCallContent("same", "get_incident", new Dictionary<string, object?>(StringComparer.Ordinal) { ["incident"] = "seven" }),
            new FunctionCallContent("x", "set_mode", new Dictionary<string, object?>(StringComparer.Ordinal) { ["mode"] = "auto" }),
            new FunctionCallContent("y", "get_incident", new Dictionary<string, object?>(StringComparer.Ordinal) { ["incident"] = rig.Incident.Id })).Say("READY").Conclude();
        var done = await rig.InvestigateAsync(model);
        done.End.ShouldBe(RunEnd.Answered, done.EndText);
        var results = model.Last.First(static m => m.Role == ChatRole.Tool).Contents.Cast<FunctionResultContent>().Select(static r => (string)r.Result!).ToList();
        results.Count.ShouldBe(6);
        results[0].ShouldStartWith("q4 query_logs: allow.");
        results[1].ShouldContain("not valid JSON");
        results[2].ShouldContain("no tool of this name");
        results[3].ShouldContain("schema.bad_value");
        results[4].ShouldContain("no tool of this name");
        results[5].ShouldContain("\"secrets-scan\"");
        rig.Receipts().ShouldContain(static r => r.Tool == "set_mode (not offered)" && r.Decision == Decision.Deny);
        rig.ShouldStand();
    }

    [Fact]
    public async Task A_store_that_fails_stops_the_run_and_not_the_agent()
    {
        await using var rig = new AgentRig();
        var memory = new MemoryInvestigations { Fault = static () => throw new DevOpsAgent.Store.StoreException("the disk is full", DevOpsAgent.Store.StoreFault.Full) };
        var agent = new ModelAgent(new(rig.Parts.Gateway, rig.Parts.AskModel, memory, "scripted", DevOpsAgent.Guards.Caller.Service, rig.Config, rig.Time));
        _ = rig.Agent(new ScriptedModel().Say("READY").Conclude());
        var done = await agent.InvestigateAsync(rig.Incident, null, TestContext.Current.CancellationToken);
        done.End.ShouldBe(RunEnd.NotRecorded);
        done.Conclusion.ShouldBeNull();
        done.EndText.ShouldContain("the disk is full");
        rig.ShouldStand();
    }

    [Fact]
    public async Task Stopping_the_program_ends_the_run()
    {
        await using var rig = new AgentRig();
        using var stop = new CancellationTokenSource();
        var model = new ScriptedModel { Otherwise = (_, _, token) => { stop.Cancel(); return Nothing(token); } };
        (await rig.InvestigateAsync(model, stop.Token)).End.ShouldBe(RunEnd.Cancelled);
        rig.ShouldStand();
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> Endless([EnumeratorCancellation] CancellationToken token)
    {
        await Task.Yield();
        while (!token.IsCancellationRequested)
        {
            yield return new(ChatRole.Assistant, "and again ");
        }
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> Nothing([EnumeratorCancellation] CancellationToken token)
    {
        await Task.Yield();
        while (!token.IsCancellationRequested)
        {
            yield return new(ChatRole.Assistant, "");
        }
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> Cut()
    {
        await Task.Yield();
        yield return new(ChatRole.Assistant, [ScriptedModel.CallOf("query_logs", new Dictionary<string, object?>(StringComparer.Ordinal) { ["query"] = "{}" })]);
        throw new IOException("the connection was closed");
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> Filtered()
    {
        await Task.Yield();
        yield return new() { FinishReason = ChatFinishReason.ContentFilter };
    }
}
