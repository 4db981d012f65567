using System.Text.Json;
using DevOpsAgent.Agent;
using DevOpsAgent.App.Views;
using DevOpsAgent.Detection;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Tests.Incidents;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Tests.Agent;

/// <summary>A finding from the rules to what is shown of the model's look at it.</summary>
public sealed class InvestigationTests
{
    [Fact]
    public async Task Five_steps_are_taken_and_the_conclusion_is_stored_and_shown()
    {
        await using var rig = new AgentRig();
        var model = new ScriptedModel()
            .Query("""{"size":0,"query":{"term":{"source.ip":"203.0.113.7"}},"aggs":{"s":{"terms":{"field":"DownstreamStatus"}}}}""")
            .Say("READY").Conclude(evidence: ["q1", "q4", "rule:secret-files", "sample:1"]);
        var done = await rig.InvestigateAsync(model);

        done.End.ShouldBe(RunEnd.Answered, done.EndText);
        done.Steps.Where(static s => s.Kind == StepKind.Called).Select(static s => (s.Phase, s.ByCode, s.Cite)).ShouldBe(
            [(1, true, "q1"), (2, true, "q2"), (2, true, "q3"), (3, false, "q4"), (4, true, "q5")]);
        done.Steps.ShouldContain(static s => s.Phase == 4 && s.Text.StartsWith("At most 60 requests in 1m", StringComparison.Ordinal), string.Join('\n', done.Steps.Select(static s => s.Text)));
        done.Conclusion!.Verdict.ShouldBe(ModelVerdict.Confirmed);
        done.Conclusion.Evidence.ShouldAllBe(static c => c.Holds);
        done.Conclusion.Action.Kind.ShouldBe("block");
        done.Conclusion.Action.Ranges.ShouldBe(["203.0.113.7/32"]);
        done.Disagreement.ShouldBeNull();
        rig.ShouldStand();

        var detail = IncidentDetails.Of(rig.Store, rig.Store.GetIncident(rig.Incident.Id)!);
        var shown = detail.Investigations.ShouldHaveSingleItem();
        shown.Verdict.ShouldBe("confirmed");
        shown.Steps.Count.ShouldBe(done.Steps.Count);
        var json = JsonSerializer.Serialize(detail, ViewJson.Default.IncidentDetailView);
        json.ShouldContain("\"proposed_action\"");
        json.ShouldContain("\"end\": \"answered\"");
    }

    [Fact]
    public async Task Each_exchange_is_in_the_receipts_with_hashes_tokens_and_what_the_guardrails_did()
    {
        await using var rig = new AgentRig(static c => c with { Llm = c.Llm with { InputPrice = 1, OutputPrice = 2 } }, agent: "curl Bearer abcdefgh12345678");
        var done = await rig.InvestigateAsync(new ScriptedModel().Then(new TextContent("READY"), new UsageContent(new() { InputTokenCount = 1_000, OutputTokenCount = 20 })).Conclude());
        done.End.ShouldBe(RunEnd.Answered, done.EndText);

        var asked = rig.Receipts().Where(static r => r.Tool == "ask_model").ToList();
        asked.Count.ShouldBe(2);
        asked.ShouldAllBe(r => r.IncidentId == rig.Incident.Id && r.Decision == Decision.Allow && r.Parameters.Contains(done.Run));
        asked[0].Parameters.ShouldContain("input secrets");
        asked[0].Text.ShouldContain("1000 tokens in, 20 out, cost 0.00104");
        var kept = rig.Store.Investigations.Exchanges(done.Run);
        kept.Count.ShouldBe(2);
        var whole = "";
        foreach (var exchange in kept)
        {
            // The kept text gives the prompt back, and its hash is the one in the chain.
            whole = whole[..exchange.PromptFrom] + exchange.Prompt;
            DevOpsAgent.Agent.Tools.ModelRequest.Hash(whole).ShouldBe(exchange.PromptHash);
            asked[exchange.Turn - 1].Parameters.ShouldContain(exchange.PromptHash);
            asked[exchange.Turn - 1].Text.ShouldContain(exchange.AnswerHash);
            whole.ShouldNotContain("abcdefgh12345678");
        }

        rig.Parts.Journal.Flush();
        ReceiptVerifier.Verify(rig.Store.Receipts.Read(1), rig.Keys, null, cancellationToken: TestContext.Current.CancellationToken).Fault.ShouldBeNull();

        // Retention takes the texts; the chain keeps the hashes and stays whole.
        rig.Store.Investigations.Prune(rig.Time.GetUtcNow().AddDays(1)).ShouldBe(2);
        rig.Store.Investigations.Exchanges(done.Run).ShouldBeEmpty();
        rig.Store.Investigations.Of(rig.Incident.Id).ShouldHaveSingleItem();
        ReceiptVerifier.Verify(rig.Store.Receipts.Read(1), rig.Keys, null, cancellationToken: TestContext.Current.CancellationToken).Fault.ShouldBeNull();
    }

    [Fact]
    public async Task A_false_positive_is_shown_as_disagreement_and_changes_nothing()
    {
        await using var rig = new AgentRig();
        var done = await rig.InvestigateAsync(new ScriptedModel().Say("READY").Conclude("false_positive", 80, action: "none"));
        done.Disagreement.ShouldNotBeNull().ShouldContain("The rules' result stands.");
        rig.ShouldStand();
    }

    [Fact]
    public async Task Citations_are_looked_at_by_code()
    {
        await using var rig = new AgentRig();
        var model = new ScriptedModel()
            .Query($$$$"""{"size":5,"query":{"term":{"source.ip":"{{{{AgentRig.Neighbour}}}}"}}}""")
            .Say("READY").Conclude(evidence: ["q1", "q4", "q99", "rule:none", "sample:77", "incident:9", "<b>", "rule:secret-files"]);
        var done = await rig.InvestigateAsync(model);
        done.Conclusion!.Evidence.Where(static c => c.Holds).Select(static c => c.Id).ShouldBe(["q1", "rule:secret-files"]);
        done.Conclusion.Evidence.Single(static c => c.Id == "q4").Text.ShouldContain("nothing of this client");
        done.Conclusion.Evidence.ShouldContain(static c => c.Id == "unreadable id");
    }

    [Fact]
    public async Task A_verdict_that_rests_on_nothing_is_unclear()
    {
        await using var rig = new AgentRig();
        var done = await rig.InvestigateAsync(new ScriptedModel().Say("READY").Conclude("confirmed", 100, evidence: ["q42"]));
        done.Conclusion!.Verdict.ShouldBe(ModelVerdict.Unclear);
        done.Conclusion.Confidence.ShouldBe(0);
        done.Conclusion.Corrections.ShouldContain(static c => c.Contains("rests on nothing"));
    }

    [Fact]
    public async Task The_action_is_cut_down_to_what_the_rules_recommend()
    {
        await using var rig = new AgentRig();
        var done = await rig.InvestigateAsync(new ScriptedModel().Say("READY").Conclude(ranges: ["198.51.100.20", "203.0.113.0/24", "203.0.113.7", "010.0.0.1"], ttl: "30d"));
        done.Conclusion!.Action.Ranges.ShouldBe(["203.0.113.7/32"]);
        done.Conclusion.Action.TtlSeconds.ShouldBe(4 * 3600);
        done.Conclusion.Corrections.Count.ShouldBe(4);

        await using var recording = new AgentRig(incident: Sample.Incident() with { Recommendation = Sample.Recommendation("203.0.113.7") with { Action = RuleAction.Record } });
        var watched = await recording.InvestigateAsync(new ScriptedModel().Say("READY").Conclude());
        watched.Conclusion!.Action.Kind.ShouldBe("watch");
        watched.Disagreement.ShouldNotBeNull().ShouldContain("only record");
    }

    [Fact]
    public async Task An_early_conclusion_waits_for_the_rates()
    {
        await using var rig = new AgentRig();
        var model = new ScriptedModel().Conclude().Conclude();
        var done = await rig.InvestigateAsync(model);
        done.End.ShouldBe(RunEnd.Answered, done.EndText);
        done.Turns.ShouldBe(2);
        model.Sent[1].ShouldContain("Step 4, rates:");
    }

    [Fact]
    public async Task A_conclusion_in_plain_text_counts_as_much_as_a_call()
    {
        await using var rig = new AgentRig();
        var model = new ScriptedModel().Say("READY").Say("""
            Here it is:
            ```json
            {"verdict":"confirmed","confidence":70,"summary":"Scan.","evidence":["q1"],"action":"watch"}
            ```
            """);
        (await rig.InvestigateAsync(model)).Conclusion!.Confidence.ShouldBe(70);
    }

    [Fact]
    public async Task Without_logs_the_incidents_own_evidence_is_what_it_rests_on()
    {
        await using var rig = new AgentRig();
        rig.Parts.Logs.Search = null;
        var done = await rig.InvestigateAsync(new ScriptedModel().Say("READY").Conclude(evidence: ["sample:1"]));
        done.End.ShouldBe(RunEnd.Answered, done.EndText);
        done.Conclusion!.Verdict.ShouldBe(ModelVerdict.Confirmed);
        done.Steps.ShouldContain(static s => s.Text.Contains("no logs to search"));
    }

    [Fact]
    public async Task Only_the_newest_runs_of_an_incident_are_kept()
    {
        await using var rig = new AgentRig();
        for (var i = 0; i < IInvestigationStore.KeptRuns + 3; i++)
        {
            await rig.InvestigateAsync(new ScriptedModel().Say("READY").Conclude(confidence: i));
        }

        rig.Store.Investigations.Of(rig.Incident.Id).Select(static r => r.Conclusion!.Confidence).ShouldBe([7, 6, 5, 4, 3]);
    }

    [Fact]
    public async Task Nothing_of_the_model_can_be_called_from_outside()
    {
        await using var rig = new AgentRig();
        var answer = await rig.CallAsync("ask_model", """{"guardrails":"","model":"m","prompt_sha256":"x","run":"r","turn":1}""");
        answer.Decision.ShouldBe(Decision.Deny);
        ToolDeck.Of(rig.Parts.Gateway).Select(static t => t.Name).ShouldBe(["query_logs", "check_allowlist", "get_incident", "propose_block", "inspect_patterns"]);
    }
}
