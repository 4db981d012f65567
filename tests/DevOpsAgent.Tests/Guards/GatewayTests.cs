using System.Text.Json;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Service;
using DevOpsAgent.Store;

namespace DevOpsAgent.Tests.Guards;

public sealed class GatewayTests
{
    private static readonly Caller Model = new("model m", "model", "mcp stdio", CallerKind.Model);

    [Fact]
    public async Task No_intent_no_effect()
    {
        using var rig = new GuardRig(GuardRig.Allows()) { StoreFailsAfter = 0 };
        var answer = await rig.NoteAsync();
        (answer.Decision, answer.Reason, answer.Intent).ShouldBe((Decision.Deny, "gateway.no_intent", null));
        answer.Fault!.Fault.ShouldBe(StoreFault.Full);
        rig.Tool.Notes.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_effect_whose_receipt_can_not_be_stored_is_incomplete_and_its_intent_stands_open()
    {
        using var rig = new GuardRig(GuardRig.Allows()) { StoreFailsAfter = 1 };
        var answer = await rig.NoteAsync();
        answer.Decision.ShouldBe(Decision.Incomplete);
        answer.Text.ShouldContain("The receipt could not be stored: the disk is full");
        Should.Throw<StoreException>(() => answer.OrThrow());
        rig.Tool.Notes.ShouldBe(["hello"]);
        rig.Journal.OpenIntents().ShouldHaveSingleItem().Intent.Tool.ShouldBe("note");
    }

    [Fact]
    public async Task Open_intents_are_closed_by_what_stands_in_the_world()
    {
        using var rig = new GuardRig(GuardRig.Allows()) { StoreFailsAfter = 2 };
        var calls = new[] { "kept", "lost" }.Select(static t => new Call<NoteRequest>(new(t), Caller.Service, 7)).ToList();
        rig.StoreFailsAfter = 1;
        await rig.Gateway.CallManyAsync(rig.Tool, calls, CancellationToken.None);
        rig.Tool.Notes.Remove("lost");
        rig.StoreFailsAfter = int.MaxValue;
        new OpenIntents(rig.Journal, [rig.Tool], TimeProvider.System).CloseAll().ShouldBe(2);
        rig.AllReceipts().Select(static r => (r.Intent, r.Decision, r.Text)).ShouldBe(
            [(1, Decision.Allow, "found standing after a restart"), (2, Decision.Incomplete, "nothing of it stands after a restart")]);
        rig.Journal.OpenIntents().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_command_that_may_still_be_at_work_is_left_alone()
    {
        using var rig = new GuardRig(GuardRig.Allows()) { StoreFailsAfter = 1 };
        await rig.Gateway.CallAsync(rig.Tool, new("x"), Caller.Person("ann", "cli uid 1000"), null, CancellationToken.None);
        rig.StoreFailsAfter = int.MaxValue;
        var time = new StillTime { Now = TimeProvider.System.GetUtcNow() };
        var open = new OpenIntents(rig.Journal, [rig.Tool], time);
        open.CloseAll().ShouldBe(0);
        time.Now += TimeSpan.FromMinutes(2);
        open.CloseOthers().ShouldBe(1);
    }

    [Fact]
    public async Task Given_up_before_the_effect_is_cancelled()
    {
        using var stop = new CancellationTokenSource();
        using var rig = new GuardRig(new SayingGuard("stops", _ =>
        {
            stop.Cancel();
            return GuardDecision.Allow;
        }));
        (await rig.NoteAsync(cancellationToken: stop.Token)).Decision.ShouldBe(Decision.Cancelled);
        rig.Tool.Notes.ShouldBeEmpty();
        rig.AllReceipts().ShouldHaveSingleItem().Decision.ShouldBe(Decision.Cancelled);
    }

    [Fact]
    public async Task An_effect_that_fails_is_incomplete_with_its_text()
    {
        using var rig = new GuardRig(GuardRig.Allows());
        rig.Tool.Instead = static _ => throw new IOException("no such device");
        var answer = await rig.NoteAsync();
        (answer.Decision, answer.Text).ShouldBe((Decision.Incomplete, "It failed: no such device"));
        rig.Tool.Instead = static _ => Task.FromResult<IReadOnlyList<ToolResult>>([new(false, "refused by the world")]);
        (await rig.NoteAsync()).Text.ShouldBe("refused by the world");
        rig.AllReceipts().ShouldAllBe(static r => r.Decision == Decision.Incomplete);
    }

    [Fact]
    public async Task Several_at_once_are_one_transaction_each_and_judged_each_for_itself()
    {
        using var rig = new GuardRig(new SayingGuard("odd", static c => c.Place % 2 == 0 ? GuardDecision.Allow : GuardDecision.Deny("odd", "Odd.")));
        rig.StoreFailsAfter = 2;
        var calls = Enumerable.Range(0, 5).Select(static i => new Call<NoteRequest>(new($"n{i}"), Caller.Service, null)).ToList();
        var answers = await rig.Gateway.CallManyAsync(rig.Tool, calls, CancellationToken.None);
        answers.Select(static a => a.Decision).ShouldBe([Decision.Allow, Decision.Deny, Decision.Allow, Decision.Deny, Decision.Allow]);
        rig.Tool.Notes.ShouldBe(["n0", "n2", "n4"]);
        rig.AllReceipts().Select(static r => r.Intent).ShouldBe([1L, 2, 3, 4, 5]);
    }

    [Fact]
    public async Task No_other_call_is_judged_until_the_effect_of_the_first_is_stored()
    {
        var (judging, worst) = (0, 0);
        using var rig = new GuardRig(new SayingGuard("counts", _ =>
        {
            worst = Math.Max(worst, Interlocked.Increment(ref judging));
            return GuardDecision.Allow;
        }));
        rig.Tool.Instead = async permits =>
        {
            Interlocked.Decrement(ref judging);
            await Task.Yield();
            return [.. permits.Select(static _ => new ToolResult(true, ""))];
        };
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(() => rig.NoteAsync($"n{i}"))));
        worst.ShouldBe(1);
    }

    [Theory]
    [InlineData("{}", "schema.missing_parameter")]
    [InlineData("""{"text":7}""", "schema.bad_value")]
    [InlineData("""{"text":"a","force":true}""", "schema.unknown_parameter")]
    [InlineData("[]", "schema.no_object")]
    public async Task A_models_parameters_are_judged_first_and_the_refusal_is_recorded(string parameters, string reason)
    {
        using var rig = new GuardRig(GuardRig.Allows());
        var answer = await rig.Gateway.CallAsync("note", JsonDocument.Parse(parameters).RootElement, Model, CancellationToken.None);
        (answer.Decision, answer.Reason).ShouldBe((Decision.Deny, reason));
        rig.Tool.Notes.ShouldBeEmpty();
        var receipt = rig.AllReceipts().ShouldHaveSingleItem();
        (receipt.Tool, receipt.Reason, receipt.Caller).ShouldBe(("note", reason, Model));
    }

    [Fact]
    public async Task A_tool_that_does_not_exist_is_refused_and_recorded()
    {
        using var rig = new GuardRig(GuardRig.Allows());
        var answer = await rig.Gateway.CallAsync("rm_rf" + new string('x', 100), JsonDocument.Parse("{}").RootElement, Model, CancellationToken.None);
        answer.Reason.ShouldBe("gateway.unknown_tool");
        answer.Text.ShouldContain("known are note");
        rig.AllReceipts().ShouldHaveSingleItem().Tool.Length.ShouldBe(64);
    }

    [Fact]
    public async Task A_models_call_by_name_is_one_like_any_other()
    {
        using var rig = new GuardRig(GuardRig.Allows());
        (await rig.Gateway.CallAsync("note", JsonDocument.Parse("""{"text":"by name"}""").RootElement, Model, CancellationToken.None)).Decision.ShouldBe(Decision.Allow);
        rig.Tool.Notes.ShouldBe(["by name"]);
    }

    [Fact]
    public async Task Secrets_and_what_is_not_known_never_reach_the_receipt()
    {
        using var rig = new GuardRig(GuardRig.Allows());
        await rig.Gateway.CallAsync("note", JsonDocument.Parse("""{"password":"hunter2","text":"a","unknown":"hunter3"}""").RootElement, Model, CancellationToken.None);
        var shown = rig.AllReceipts().ShouldHaveSingleItem().Parameters;
        shown.ShouldNotContain("hunter");
        shown.ShouldBe("""{"password":"***","text":"a","unknown":"***"}""");
    }

    private sealed class StillTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
