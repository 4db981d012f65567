using System.Text.Json;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Behaviour;
using DevOpsAgent.Guards.Receipts;

namespace DevOpsAgent.Tests.Guards.Behaviour;

public sealed class BehaviourProfilesTests
{
    [Fact]
    public async Task The_guard_is_advisory_judges_every_tool_and_allows_whatever_it_sees()
    {
        using var world = new BehaviourWorld();
        var guard = new BehaviourGuard(world.Profiles);
        (guard.Name, guard.Advisory, guard.Judges(null!)).ShouldBe(("behaviour", true, true));
        for (var i = 0; i < 5; i++)
        {
            world.Window(5);
        }

        world.Window(1500, denied: 1500);
        var decision = await guard.EvaluateAsync(new(null!, new(), default, new(BehaviourWorld.Agent, "model", "web", CallerKind.Model), null, world.Now), CancellationToken.None);
        decision.Verdict.ShouldBe(Verdict.Allow);
        decision.Signals.Select(static s => s.Metadata["metric"]).ShouldBe(["call_rate", "deny_rate"]);
        decision.Signals.ShouldAllBe(static s => s.Severity == SignalSeverity.High);
    }

    [Fact]
    public void Switched_off_it_judges_and_records_nothing()
    {
        using var world = new BehaviourWorld(new() { Enabled = false });
        new BehaviourGuard(world.Profiles).Judges(null!).ShouldBeFalse();
        world.Profiles.Record(Of(Decision.Allow, world.Now));
        world.Profiles.Count.ShouldBe(0);
    }

    [Fact]
    public void A_receipt_gives_agent_tool_denial_entropy_and_time()
    {
        using var world = new BehaviourWorld();
        world.Profiles.Record(Of(Decision.Allow, world.Now));
        world.Profiles.Record(Of(Decision.Deny, world.Now));
        world.Profiles.Record(Of(Decision.Incomplete, world.Now));
        var counts = world.Profile("person ada").Counts;
        (counts.Calls, counts.Denied, counts.Tools).ShouldBe((3, 1, 1));
        counts.TrySample(BehaviourMetric.AvgParameterEntropy, out var entropy).ShouldBeTrue();
        entropy.ShouldBe(ParameterEntropy.OfText("{\"range\":\"203.0.113.7\"}"), 1e-6);
    }

    [Fact]
    public void A_drop_is_only_information()
    {
        using var world = new BehaviourWorld();
        for (var i = 0; i < 10; i++)
        {
            world.Window(100);
        }

        var signal = world.Window(0).Signals.ShouldHaveSingleItem();
        signal.Severity.ShouldBe(SignalSeverity.Info);
        signal.Description.ShouldBe("call_rate is far below what is usual: 0 (usual 100 ± 10, z -10)");
    }

    [Fact]
    public void Asking_and_recording_allocate_nothing()
    {
        using var world = new BehaviourWorld();
        world.Window(5);
        var guard = new BehaviourGuard(world.Profiles);
        var context = new GuardContext(null!, new(), default, new(BehaviourWorld.Agent, "model", "web", CallerKind.Model), null, world.Now);
        var receipt = Of(Decision.Allow, world.Now) with { Caller = context.Caller };
        Turn(guard, context, world.Profiles, receipt);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            Turn(guard, context, world.Profiles, receipt);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);

        static void Turn(BehaviourGuard guard, GuardContext context, BehaviourProfiles profiles, Receipt receipt)
        {
            var answer = guard.EvaluateAsync(context, CancellationToken.None);
            (answer.IsCompletedSuccessfully && answer.Result.Verdict == Verdict.Allow).ShouldBeTrue();
            profiles.Record(receipt);
        }
    }

    [Fact]
    public void It_stores_by_itself_every_few_seconds_and_an_idle_agent_is_not_written_again()
    {
        var store = new MemoryBehaviourStore();
        using var world = new BehaviourWorld(store: store);
        world.Call(3);
        world.Time.Advance(TimeSpan.FromSeconds(6));
        store.Saves.ShouldBe(1);
        world.Time.Advance(TimeSpan.FromHours(2));
        store.Saves.ShouldBe(2); // once more, when its window was over
        world.Profile().Closed(0).Scores[0].Sample.ShouldBe(3);
    }

    [Fact]
    public void A_reset_by_another_process_is_followed()
    {
        using var world = new BehaviourWorld();
        world.Window(5);
        world.Call(2, agent: "other");
        world.Profiles.Save();
        world.Store.Reset(BehaviourWorld.Agent).ShouldBe(1);
        world.Profiles.Save();
        world.Ask().Evidence.ShouldBe([new GuardEvidence("behaviour", "baseline", "none yet")]);
        world.Call(1);
        world.Profile().Counts.Calls.ShouldBe(1);
        world.Profile("other").Counts.Calls.ShouldBe(2);
        world.Store.Reset(null).ShouldBe(2);
        world.Profiles.Save();
        world.Profiles.Count.ShouldBe(0);
    }

    /// <summary>The service, and a command of the same person beside it in the same minute.</summary>
    [Fact]
    public void Two_processes_that_count_one_agent_in_one_window_count_all_of_it()
    {
        using var service = new BehaviourWorld();
        service.Call(5, tools: 2);
        service.Profiles.Save();
        using (var command = new BehaviourProfiles(service.Config, service.Store, service.Time))
        {
            command.Record(new BehaviourSample(BehaviourWorld.Agent, "another", true, 4.2, service.Now));
        }

        service.Call(4, tools: 2);
        service.Profiles.Save();
        var counts = service.Profile().Counts;
        (counts.Calls, counts.Denied, counts.Tools).ShouldBe((10, 1, 3));
    }

    [Fact]
    public void Many_threads_lose_no_receipt()
    {
        using var world = new BehaviourWorld();
        Parallel.For(0, 8, t =>
        {
            for (var i = 0; i < 5000; i++)
            {
                world.Profiles.Record(new BehaviourSample(BehaviourWorld.Agent, $"tool_{i % 5}", i % 10 == 0, 4.2, world.Now));
                if (i % 500 == 0)
                {
                    world.Profiles.Save();
                    world.Ask().Verdict.ShouldBe(Verdict.Allow);
                }
            }
        });
        var counts = world.Profile().Counts;
        (counts.Calls, counts.Denied, counts.Tools).ShouldBe((40_000, 4_000, 5));
    }

    private static Receipt Of(Decision decision, DateTimeOffset at) => new()
    {
        Intent = 1, At = at, Tool = "block_client", Caller = Caller.Person("ada", "cli"), Parameters = "{\"range\":\"203.0.113.7\"}",
        ParametersHash = new('0', 64), PolicyHash = new('0', 64), Decision = decision,
    };
}
