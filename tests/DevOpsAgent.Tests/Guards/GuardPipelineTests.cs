using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Receipts;

namespace DevOpsAgent.Tests.Guards;

public sealed class GuardPipelineTests
{
    [Fact]
    public async Task An_empty_pipeline_denies()
    {
        using var rig = new GuardRig();
        await Denied(rig, "gateway.no_guard");
    }

    [Fact]
    public async Task Advice_alone_permits_nothing()
    {
        using var rig = new GuardRig(new SayingGuard("advice", static _ => GuardDecision.Allow, advisory: true));
        await Denied(rig, "gateway.no_guard");
    }

    [Fact]
    public async Task A_denial_ends_it_in_the_order_of_registration()
    {
        var third = new SayingGuard("third", static _ => GuardDecision.Allow);
        using var rig = new GuardRig(GuardRig.Allows(), new SayingGuard("second", static _ => GuardDecision.Deny("no", "Because.")), third);
        await Denied(rig, "second.no");
        third.Asked.ShouldBe(0);
        rig.AllReceipts()[0].Evidence.ShouldContain(new GuardEvidence("second", "denied", "no"));
    }

    [Fact]
    public async Task What_waits_for_a_person_sticks()
    {
        using var rig = new GuardRig(Waits("first"), Waits("second"), GuardRig.Allows());
        var answer = await rig.NoteAsync();
        (answer.Decision, answer.Waits, answer.Reason).ShouldBe((Decision.Incomplete, true, "first.later"));
        rig.Tool.Notes.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_later_denial_wins_over_waiting()
    {
        using var rig = new GuardRig(Waits("first"), new SayingGuard("second", static _ => GuardDecision.Deny("no", "Because.")));
        await Denied(rig, "second.no");
    }

    [Fact]
    public async Task A_guard_that_fails_denies()
    {
        using var rig = new GuardRig(GuardRig.Allows(), new SayingGuard("broken", static _ => throw new InvalidOperationException("oh")));
        (await Denied(rig, "broken.fault")).Text.ShouldBe("The guard broken failed: oh");
    }

    [Fact]
    public async Task An_advisory_guard_that_fails_or_denies_only_signals()
    {
        using var rig = new GuardRig(
            GuardRig.Allows(), new SayingGuard("broken", static _ => throw new InvalidOperationException("oh"), advisory: true), new SayingGuard("stern", static _ => GuardDecision.Deny("no", "Never."), advisory: true));
        (await rig.NoteAsync()).Decision.ShouldBe(Decision.Allow);
        rig.AllReceipts()[0].Signals.Select(static s => (s.Guard, s.Metadata["code"])).ShouldBe([("broken", "fault"), ("stern", "no")]);
    }

    [Fact]
    public async Task A_guard_that_blocks_its_thread_is_left_behind_at_its_time_limit()
    {
        using var release = new ManualResetEventSlim();
        using var rig = new GuardRig(TimeSpan.FromMilliseconds(100), PromotionRules.None, GuardRig.Allows(), new SayingGuard("stuck", _ =>
        {
            release.Wait(TestContext.Current.CancellationToken);
            return GuardDecision.Allow;
        }));
        (await Denied(rig, "stuck.timeout")).Text.ShouldContain("0.1 s (guards.time_limit)");

        // Its late answer changes nothing.
        release.Set();
        rig.AllReceipts().ShouldHaveSingleItem().Decision.ShouldBe(Decision.Deny);
        rig.Tool.Notes.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_quick_guard_that_takes_longer_than_its_time_limit_denies_too()
    {
        using var rig = new GuardRig(TimeSpan.FromMilliseconds(50), PromotionRules.None, new SayingGuard("slow", static _ =>
        {
            var until = TimeProvider.System.GetTimestamp();
            SpinWait.SpinUntil(() => TimeProvider.System.GetElapsedTime(until) > TimeSpan.FromMilliseconds(80));
            return GuardDecision.Allow;
        }, quick: true));
        (await Denied(rig, "slow.timeout")).Text.ShouldContain("0.05 s (guards.time_limit)");
        rig.Tool.Notes.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_stuck_guard_costs_one_limit_and_not_one_for_each_of_many()
    {
        using var release = new ManualResetEventSlim();
        using var rig = new GuardRig(TimeSpan.FromMilliseconds(100), PromotionRules.None, new SayingGuard("stuck", context =>
        {
            if (context.Place == 1)
            {
                release.Wait(TestContext.Current.CancellationToken);
            }

            return GuardDecision.Allow;
        }));
        var calls = Enumerable.Range(0, 4).Select(static i => new Call<NoteRequest>(new($"n{i}"), Caller.Service, null)).ToList();
        var answers = await rig.Gateway.CallManyAsync(rig.Tool, calls, CancellationToken.None);
        answers.Select(static a => a.Reason).ShouldBe(["", "stuck.timeout", "stuck.timeout", "stuck.timeout"]);
        rig.Tool.Notes.ShouldBe(["n0"]);
        release.Set();
    }

    [Fact]
    public async Task An_advisory_guard_that_hangs_does_not_stop_the_agent()
    {
        using var release = new ManualResetEventSlim();
        var last = new SayingGuard("last", static _ => GuardDecision.Allow);
        using var rig = new GuardRig(TimeSpan.FromMilliseconds(100), PromotionRules.None, GuardRig.Allows(), new SayingGuard("stuck", _ =>
        {
            release.Wait(TestContext.Current.CancellationToken);
            return GuardDecision.Allow;
        }, advisory: true), last);
        (await rig.NoteAsync()).Decision.ShouldBe(Decision.Allow);
        last.Asked.ShouldBe(1);
        rig.AllReceipts()[0].Signals.ShouldHaveSingleItem().Metadata["code"].ShouldBe("timeout");
        release.Set();
    }

    [Fact]
    public async Task Many_quick_guards_may_take_longer_together_than_one_may()
    {
        using var rig = new GuardRig(TimeSpan.FromMilliseconds(400), PromotionRules.None, [.. Enumerable.Range(0, 6).Select(static i => new SlowGuard(TimeSpan.FromMilliseconds(100)))]);
        (await rig.NoteAsync()).Decision.ShouldBe(Decision.Allow);
    }

    [Theory]
    [InlineData("watch", "high", true)]
    [InlineData("watch", "critical", false)]
    [InlineData("other", "info", false)]
    public async Task A_rule_promotes_signals_of_its_guard_from_its_severity_on(string guard, string severity, bool denies)
    {
        var signal = new Signal("watch", "Strange.", SignalSeverity.High, new Dictionary<string, string>());
        using var rig = new GuardRig(
            TimeSpan.FromSeconds(30), new([new PromotionRule(guard, severity)]), GuardRig.Allows(), new SayingGuard("watch", _ => GuardDecision.Allow with { Signals = [signal] }, advisory: true));
        var answer = await rig.NoteAsync();
        answer.Decision.ShouldBe(denies ? Decision.Deny : Decision.Allow);
        answer.Reason.ShouldBe(denies ? "watch.promoted" : "");
        rig.AllReceipts()[0].Signals.ShouldHaveSingleItem().Promoted.ShouldBe(denies);
    }

    private static SayingGuard Waits(string name) => new(name, static _ => GuardDecision.Pending("later", "A person must."));

    private static async Task<CallAnswer> Denied(GuardRig rig, string reason)
    {
        var answer = await rig.NoteAsync();
        (answer.Decision, answer.Reason).ShouldBe((Decision.Deny, reason));
        rig.Tool.Notes.ShouldBeEmpty();
        rig.AllReceipts().ShouldHaveSingleItem().Reason.ShouldBe(reason);
        return answer;
    }

    private sealed class SlowGuard(TimeSpan time) : IGuard
    {
        public string Name => "slow";

        public bool Advisory => false;

        public bool Judges(Tool tool) => true;

        public async ValueTask<GuardDecision> EvaluateAsync(GuardContext context, CancellationToken cancellationToken)
        {
            await Task.Delay(time, cancellationToken);
            return GuardDecision.Allow;
        }
    }
}
