using System.Text.Json;
using DevOpsAgent.Agent;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Tests.Agent;

/// <summary>Each budget ends a run by its own name; what the rules found stands.</summary>
public sealed class BudgetTests
{
    private static readonly Dictionary<string, object?> Any = new(StringComparer.Ordinal) { ["query"] = """{"size":50}""" };

    [Fact]
    public async Task Turns()
    {
        await using var rig = new AgentRig(static c => c with { Agent = c.Agent with { MaxTurns = 4 } });
        var i = 0;
        var model = new ScriptedModel { Otherwise = (_, _, _) => ScriptedModel.Updates(ScriptedModel.CallOf("query_logs", new Dictionary<string, object?>(StringComparer.Ordinal) { ["query"] = $$"""{"size":{{++i}}}""" })) };
        var done = await rig.InvestigateAsync(model);
        done.End.ShouldBe(RunEnd.StoppedByTurns);
        done.Turns.ShouldBe(4);
        rig.ShouldStand();
    }

    [Fact]
    public async Task A_model_that_asks_to_the_last_still_gets_one_turn_to_conclude()
    {
        await using var rig = new AgentRig(static c => c with { Agent = c.Agent with { MaxTurns = 3 } });
        var done = await rig.InvestigateAsync(new ScriptedModel().Query("""{"size":1}""").Query("""{"size":2}""").Conclude());
        done.End.ShouldBe(RunEnd.Answered, done.EndText);
        done.Turns.ShouldBe(3);
    }

    [Fact]
    public async Task Tokens()
    {
        await using var rig = new AgentRig(static c => c with { Agent = c.Agent with { MaxTokens = 5_000 } });
        var model = new ScriptedModel { Otherwise = static (_, _, _) => ScriptedModel.Updates(new TextContent("hm"), new UsageContent(new() { InputTokenCount = 3_000, OutputTokenCount = 10 })) };
        var done = await rig.InvestigateAsync(model);
        done.End.ShouldBe(RunEnd.StoppedByTokens);
        done.TokensIn.ShouldBe(6_000);
        model.Options.ShouldAllBe(o => o.MaxOutputTokens <= rig.Config.Llm.MaxOutputTokens);
    }

    [Fact]
    public async Task Tokens_are_estimated_where_a_server_counts_none_or_nonsense()
    {
        await using var rig = new AgentRig(static c => c with { Agent = c.Agent with { MaxTokens = 5_000 } });
        var model = new ScriptedModel { Otherwise = static (_, _, _) => ScriptedModel.Updates(new TextContent("hm"), new UsageContent(new() { InputTokenCount = -5, OutputTokenCount = -5 })) };
        (await rig.InvestigateAsync(model)).End.ShouldBe(RunEnd.Garbled);
        await using var uncounted = new AgentRig(static c => c with { Agent = c.Agent with { MaxTokens = 5_000 } });
        (await uncounted.InvestigateAsync(new ScriptedModel { Otherwise = static (_, _, _) => ScriptedModel.Updates(new TextContent("hm")) })).End.ShouldBe(RunEnd.StoppedByTokens);
    }

    [Fact]
    public async Task Cost()
    {
        await using var rig = new AgentRig(static c => c with { Llm = c.Llm with { InputPrice = 10, OutputPrice = 10 }, Agent = c.Agent with { MaxCost = 0.01 } });
        var model = new ScriptedModel { Otherwise = static (_, _, _) => ScriptedModel.Updates(new TextContent("hm"), new UsageContent(new() { InputTokenCount = 600, OutputTokenCount = 10 })) };
        var done = await rig.InvestigateAsync(model);
        done.End.ShouldBe(RunEnd.StoppedByCost);
        done.Cost.ShouldBe(0.0122, 1e-9);
    }

    [Fact]
    public async Task Time()
    {
        await using var rig = new AgentRig(static c => c with { Agent = c.Agent with { MaxTime = TimeSpan.FromMinutes(1) } });
        var model = new ScriptedModel { Otherwise = (_, _, _) => { rig.Time.Advance(TimeSpan.FromMinutes(2)); return ScriptedModel.Updates(new TextContent("hm")); } };
        (await rig.InvestigateAsync(model)).End.ShouldBe(RunEnd.StoppedByTime);
    }

    [Fact]
    public async Task A_model_that_never_answers_is_left_behind()
    {
        await using var rig = new AgentRig();
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var model = new ScriptedModel { Otherwise = (_, _, _) => Never(asked) };
        var run = rig.InvestigateAsync(model);
        await asked.Task;
        rig.Time.Advance(rig.Config.Agent.MaxTime);
        (await run).End.ShouldBe(RunEnd.StoppedByTime);
        rig.ShouldStand();
    }

    [Fact]
    public async Task Rows()
    {
        await using var rig = new AgentRig(static c => c with { Agent = c.Agent with { MaxRows = 60, MaxTurns = 20 } });
        var i = 10;
        var model = new ScriptedModel { Otherwise = (_, _, _) => ScriptedModel.Updates(ScriptedModel.CallOf("query_logs", new Dictionary<string, object?>(StringComparer.Ordinal) { ["query"] = $$"""{"size":{{++i}}}""" })) };
        var done = await rig.InvestigateAsync(model);
        done.End.ShouldBe(RunEnd.StoppedByRows);
        done.Rows.ShouldBeLessThanOrEqualTo(60);
    }

    [Fact]
    public async Task A_tool_that_does_not_answer_is_left_behind_and_the_others_keep_their_results()
    {
        await using var rig = new AgentRig();
        var slow = new SlowSearch(rig.Parts.Logs.Search!);
        var asked = Any.ToDictionary(StringComparer.Ordinal);
        var model = new ScriptedModel()
            .Then((_, _, _) =>
            {
                rig.Parts.Logs.Search = slow;
                return ScriptedModel.Updates(ScriptedModel.CallOf("query_logs", asked, "a"), ScriptedModel.CallOf("get_incident", new Dictionary<string, object?>(StringComparer.Ordinal) { ["incident"] = rig.Incident.Id }, "b"));
            })
            .Then((_, _, _) => { rig.Parts.Logs.Search = slow.Inner; return ScriptedModel.Updates(new TextContent("READY")); }).Conclude();
        var run = rig.InvestigateAsync(model);
        await slow.Asked.Task;
        rig.Time.Advance(rig.Config.Agent.ToolTimeout);
        var done = await run;
        done.End.ShouldBe(RunEnd.Answered, done.EndText);
        var results = model.Last.First(static m => m.Role == ChatRole.Tool).Contents.Cast<FunctionResultContent>().Select(static r => (string)r.Result!).ToList();
        results[0].ShouldContain("gave no answer within 15s");
        results[1].ShouldContain("\"secrets-scan\"");
        slow.Release.SetResult();
    }

    [Fact]
    public async Task The_same_question_is_not_answered_twice_and_too_many_at_once_wait()
    {
        await using var rig = new AgentRig();
        var many = Enumerable.Range(0, 12).Select(static i => (AIContent)ScriptedModel.CallOf("query_logs", new Dictionary<string, object?>(StringComparer.Ordinal) { ["query"] = $$"""{"size":{{i + 1}}}""" }, $"id{i}")).ToArray();
        var model = new ScriptedModel().Then(many).Query("""{"size":1}""").Say("READY").Conclude();
        var done = await rig.InvestigateAsync(model);
        done.Steps.Count(static s => s.Text.StartsWith("At most 8 calls", StringComparison.Ordinal)).ShouldBe(4);
        done.Steps.ShouldContain(static s => s.Text.Contains("exactly this before: see q4"));
    }

    [Fact]
    public void A_conversation_is_shortened_without_tearing_calls_from_results()
    {
        var conversation = new Conversation();
        conversation.Add(ChatRole.System, "rules");
        for (var i = 0; i < 10; i++)
        {
            conversation.Add(new ChatMessage(ChatRole.Assistant, [new FunctionCallContent(ToolTurn.Id(i, 0), "query_logs", Any)]));
            conversation.Add(new ChatMessage(ChatRole.Tool, [new FunctionResultContent(ToolTurn.Id(i, 0), $"q{i} query_logs: allow.\n{new string('x', 3_000)}")]));
        }

        conversation.Fit(5_000).ShouldBeTrue();
        TokenCount.Of(conversation.Messages).ShouldBeLessThanOrEqualTo(5_000);
        conversation.Messages.Count.ShouldBe(21);
        conversation.Text().ShouldContain("[left out to stay within the limit of tokens: q0 query_logs: allow.]");
        ((string)conversation.Messages[^1].Contents.OfType<FunctionResultContent>().Single().Result!).Length.ShouldBeGreaterThan(3_000);
        conversation.Fit(100).ShouldBeFalse();
    }

    [Fact]
    public async Task A_queue_looks_once_at_each_incident_within_the_hours_runs_and_tells_what_was_left_out()
    {
        await using var rig = new AgentRig();
        var said = new List<string>();
        var agent = rig.Agent(new ScriptedModel().Say("READY").Conclude("false_positive", action: "none"));
        var queue = new InvestigationQueue(agent, rig.Store.GetIncident, rig.Config.Agent with { RunsPerHour = 1 }, rig.Time, said.Add);
        queue.Offer(rig.Incident with { Severity = DevOpsAgent.Detection.Severity.Low });
        queue.Offer(rig.Incident);
        queue.Offer(rig.Incident);
        queue.Offer(rig.Incident with { Severity = DevOpsAgent.Detection.Severity.Critical });
        using var stop = new CancellationTokenSource();
        var work = queue.RunAsync(stop.Token);
        while (said.Count < 2)
        {
            await Task.Yield();
        }

        await stop.CancelAsync();
        await work;
        said[0].ShouldContain("false positive");
        said[1].ShouldContain("agent.runs_per_hour");
        queue.LeftOut.ShouldBe(1);
        rig.Store.Investigations.Of(rig.Incident.Id).Count.ShouldBe(1);
    }

    [Fact]
    public void Schemas_of_tools_are_json_schema()
    {
        var schema = ToolDeck.Schema(ConclusionReader.Schema);
        schema.GetProperty("properties").GetProperty("verdict").GetProperty("enum").EnumerateArray().Select(static v => v.GetString()).ShouldBe(["confirmed", "false_positive", "unclear"]);
        schema.GetProperty("required").EnumerateArray().Select(static v => v.GetString()).ShouldBe(["action", "confidence", "evidence", "summary", "verdict"]);
        schema.GetProperty("additionalProperties").ValueKind.ShouldBe(JsonValueKind.False);
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> Never(TaskCompletionSource asked)
    {
        asked.SetResult();
        await new TaskCompletionSource().Task;
        yield break;
    }
}
