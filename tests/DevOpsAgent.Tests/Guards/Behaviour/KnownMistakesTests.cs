using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Behaviour;

namespace DevOpsAgent.Tests.Guards.Behaviour;

/// <summary>What the original design got wrong, each by its name in the list of them.</summary>
public sealed partial class KnownMistakesTests
{
    [Fact]
    public void The_sample_of_a_window_is_taken_when_it_is_over_and_not_at_its_first_call()
    {
        using var world = new BehaviourWorld();
        for (var window = 0; window < 10; window++)
        {
            // Asked before each receipt, as the gateway does: the original took its sample of 0 here.
            for (var call = 0; call < 10; call++)
            {
                world.Ask();
                world.Call();
            }

            world.Next();
        }

        world.Ask().Signals.ShouldBeEmpty();
        world.Usual().Mean.ShouldBe(10);
        world.Usual().Variance.ShouldBe(0);
    }

    [Fact]
    public void Receipts_are_not_read_again_on_every_call()
    {
        using var world = new BehaviourWorld();
        world.Call(100_000);
        var first = world.Ask();
        world.Call(100_000);
        world.Ask().ShouldBe(first); // the very same lists: nothing was computed
        world.Profile().Counts.Calls.ShouldBe(200_000);
    }

    [Fact]
    public void Anomalies_are_emitted_as_evidence_and_signals()
    {
        using var world = new BehaviourWorld();
        for (var i = 0; i < 5; i++)
        {
            world.Window(10);
        }

        var decision = world.Window(500);
        decision.Verdict.ShouldBe(Verdict.Allow);
        decision.Evidence.ShouldContain(new GuardEvidence("behaviour", "call_rate", "500 (usual 10 ± 3.16, z 154.95)"));
        decision.Evidence.ShouldContain(new GuardEvidence("behaviour", "window", "2026-11-21T09:05:00Z"));
        decision.Evidence.Select(static e => e.Name).ShouldBe(["window", "call_rate", "deny_rate", "unique_tools", "avg_parameter_entropy"]);
        var signal = decision.Signals.ShouldHaveSingleItem();
        (signal.Guard, signal.Severity, signal.Promoted).ShouldBe(("behaviour", SignalSeverity.High, false));
        signal.Description.ShouldBe("call_rate is far above what is usual: 500 (usual 10 ± 3.16, z 154.95)");
        signal.Metadata["metric"].ShouldBe("call_rate");
        signal.Metadata["reasons"].ShouldBe("growth,unusual");
    }

    [Fact]
    public void An_anomaly_is_signalled_for_five_windows_also_when_the_agent_paused_after_it()
    {
        using var world = new BehaviourWorld();
        for (var i = 0; i < 5; i++)
        {
            world.Window(2);
        }

        world.Window(500).Signals.ShouldContain(static s => s.Severity == SignalSeverity.High);
        for (var i = 0; i < 4; i++)
        {
            world.Next();
            world.Ask().Signals.ShouldContain(static s => s.Severity == SignalSeverity.High);
        }

        world.Next();
        world.Ask().Signals.ShouldNotContain(static s => s.Severity == SignalSeverity.High);
    }

    [Fact]
    public void Anomalous_samples_are_not_folded_into_the_baseline_so_a_step_is_flagged_each_time()
    {
        using var world = new BehaviourWorld();
        for (var i = 0; i < 10; i++)
        {
            world.Window(10);
        }

        for (var i = 0; i < world.Config.RelearnWindows - 1; i++)
        {
            world.Window(100).Signals.ShouldNotBeEmpty();
            world.Usual().Mean.ShouldBe(10);
        }
    }

    /// <summary>Just above the threshold: it must not slip in as chance.</summary>
    [Fact]
    public void A_mild_step_is_flagged_each_time_too()
    {
        using var world = new BehaviourWorld();
        for (var i = 0; i < 10; i++)
        {
            world.Window(9);
        }

        for (var i = 0; i < world.Config.RelearnWindows - 1; i++)
        {
            world.Window(16);
            world.Last().IsAnomaly.ShouldBeTrue();
            world.Usual().Mean.ShouldBe(9);
        }
    }

    [Fact]
    public void A_mild_anomaly_between_normal_windows_is_chance_and_teaches_once_it_is_known_to_be_no_step()
    {
        using var world = new BehaviourWorld();
        for (var i = 0; i < 10; i++)
        {
            world.Window(9);
        }

        world.Window(20);
        world.Usual().Mean.ShouldBe(9);
        world.Window(9);
        world.Usual().Mean.ShouldBe(9 + 0.2 * 11 * 0.8, 1e-6); // 20, then 9
        world.Window(500);
        world.Window(9);
        world.Usual().Mean.ShouldBe(9 + 0.2 * 11 * 0.8 * 0.8, 1e-6); // 500 is no chance: it taught nothing
    }

    [Fact]
    public void A_step_that_lasts_is_learned_in_the_end()
    {
        using var world = new BehaviourWorld();
        for (var i = 0; i < 10; i++)
        {
            world.Window(10);
        }

        for (var i = 0; i < world.Config.RelearnWindows; i++)
        {
            world.Window(100);
        }

        world.Last().Flags.HasFlag(ScoreFlags.Adopted).ShouldBeTrue();
        world.Usual().Mean.ShouldBe(100, 1);
        world.Window(100);
        world.Last().IsAnomaly.ShouldBeFalse();
    }

    [Theory]
    [InlineData(10, 50)]
    [InlineData(30, 48)]
    [InlineData(100, 133)]
    public void Growth_of_ten_percent_a_window_is_caught(int start, int from)
    {
        using var world = new BehaviourWorld();
        for (var i = 0; i < 20; i++)
        {
            world.Window(start);
        }

        // The original: never or for a few windows, up to 45 times.
        for (double rate = start; rate < 10 * start; rate *= 1.1)
        {
            world.Window((int)rate);
            world.Last().IsAnomaly.ShouldBe((int)rate >= from, $"{rate}");
        }
    }

    [Fact]
    public void Growth_too_slow_for_any_mean_meets_the_ceiling()
    {
        using var world = new BehaviourWorld();
        var caught = 0.0;
        for (var rate = 300.0; caught == 0 && rate < 2000; rate *= 1.005)
        {
            caught = world.Window((int)rate).Signals.Count > 0 ? rate : 0;
        }

        caught.ShouldBeInRange(1200, 1212);
        world.Last().Flags.HasFlag(ScoreFlags.Ceiling).ShouldBeTrue();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(200)]
    public void A_deny_rate_that_goes_from_0_to_1_is_seen(int calls)
    {
        using var world = new BehaviourWorld();
        for (var i = 0; i < 5; i++)
        {
            world.Window(calls);
        }

        world.Window(calls, denied: calls).Signals.ShouldContain(static s => s.Metadata["metric"] == "deny_rate" && s.Severity >= SignalSeverity.Medium);
    }

    [Fact]
    public void Base64_after_text_is_seen()
    {
        using var world = new BehaviourWorld();
        for (var i = 0; i < 5; i++)
        {
            world.Window(10, entropy: 4.2);
        }

        world.Window(10, entropy: 6).Signals.ShouldHaveSingleItem().Description.ShouldBe("avg_parameter_entropy is far above what is usual: 6 (usual 4.2 ± 0.25, z 7.2)");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(1000)]
    public void One_call_more_or_one_denial_in_ten_is_not_an_anomaly(int calls)
    {
        using var world = new BehaviourWorld();
        world.Call();
        for (var i = 0; i < 20; i++)
        {
            world.Window(calls);
        }

        world.Window(calls + 1).Signals.ShouldBeEmpty();
        world.Window(10 + calls, denied: 1).Signals.ShouldNotContain(static s => s.Metadata["metric"] == "deny_rate");
    }

    [Fact]
    public void The_same_window_does_not_flag_on_a_cold_baseline_however_often_it_is_asked()
    {
        using var world = new BehaviourWorld();
        foreach (var calls in (int[])[1, 300, 1])
        {
            world.Window(calls);
            for (var i = 0; i < 5; i++)
            {
                world.Ask().Signals.ShouldBeEmpty();
            }
        }

        world.Usual().Count.ShouldBe(3);
    }
}
