using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Behaviour;

namespace DevOpsAgent.Tests.Guards.Behaviour;

/// <summary>Those about clocks, idle time, numbers, restarts, bounds and faults.</summary>
public sealed partial class KnownMistakesTests
{
    [Fact]
    public void A_clock_that_goes_back_folds_no_window_twice()
    {
        using var world = new BehaviourWorld();
        for (var i = 0; i < 10; i++)
        {
            world.Window(10);
        }

        var (count, mean) = (world.Usual().Count, world.Usual().Mean);
        world.Time.Jump -= TimeSpan.FromMinutes(5);
        for (var i = 0; i < 5; i++)
        {
            world.Window(12);
        }

        world.Profile().ClosedCount.ShouldBe(15); // scored, so that nobody acts unseen in them
        (world.Usual().Count, world.Usual().Mean).ShouldBe((count, mean));
        world.Window(10);
        world.Usual().Count.ShouldBe(count + 1);
    }

    [Fact]
    public void A_clock_that_jumps_ahead_for_years_and_comes_back_neither_ends_the_learning_nor_takes_long()
    {
        using var world = new BehaviourWorld();
        for (var i = 0; i < 10; i++)
        {
            world.Window(2);
        }

        world.Profiles.Evaluate(BehaviourWorld.Agent, world.Now.AddYears(900));
        world.Usual().Count.ShouldBe(10 + world.Config.MaxIdleWindows + 1);
        for (var i = 0; i < 4; i++)
        {
            world.Window(2);
        }

        world.Usual().Count.ShouldBe(10 + world.Config.MaxIdleWindows + 1 + 4);
    }

    [Fact]
    public void Idle_windows_are_recorded_as_zero()
    {
        using var world = new BehaviourWorld();
        world.Window(4);
        world.Next(3);
        world.Ask();
        world.Usual().Count.ShouldBe(4);
        world.Usual().Mean.ShouldBe(4 * 0.8 * 0.8 * 0.8, 1e-12);
        world.Usual(BehaviourMetric.UniqueTools).Count.ShouldBe(4);

        // A share of nothing is no share.
        world.Usual(BehaviourMetric.DenyRate).Count.ShouldBe(1);
        world.Usual(BehaviourMetric.AvgParameterEntropy).Mean.ShouldBe(4.2);
    }

    [Fact]
    public void Nan_does_not_stick()
    {
        using var world = new BehaviourWorld();
        foreach (var bad in (double[])[double.NaN, double.PositiveInfinity, double.NegativeInfinity, -1e300])
        {
            world.Window(5, entropy: bad);
        }

        world.Window(5);
        foreach (var metric in BehaviourMetrics.All)
        {
            world.Usual(metric).IsSound.ShouldBeTrue();
        }

        var baseline = Baseline.Of(1, 1, 1, 5);
        baseline.Fold(double.NaN, 0.2);
        baseline.ShouldBe(Baseline.Of(1, 1, 1, 5));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void State_survives_a_restart_and_nothing_counts_twice(bool killed)
    {
        using var steady = new BehaviourWorld();
        using var restarted = new BehaviourWorld();
        foreach (var world in (BehaviourWorld[])[steady, restarted])
        {
            for (var i = 0; i < 12; i++)
            {
                world.Call(7, denied: 1, tools: 3);
                if (world == restarted)
                {
                    world.Profiles.Save();
                    world.Restart(killed);
                }

                world.Window(6, tools: 4);
            }
        }

        ProfileCodec.Write(restarted.Profile(), 60).ShouldBe(ProfileCodec.Write(steady.Profile(), 60));
        restarted.Usual().Mean.ShouldBe(13);
    }

    [Fact]
    public void State_is_bounded_and_the_least_recently_seen_goes_first()
    {
        using var world = new BehaviourWorld(new() { MaxAgents = 3 });
        foreach (var agent in (string[])["a", "b", "c", "a", "d", "e"])
        {
            world.Call(agent: agent);
            world.Next();
        }

        world.Profiles.Count.ShouldBe(3);
        world.Profiles.Evictions.ShouldBe(2);
        world.Profiles.Save();
        world.Store.Load().Select(static r => r.Agent).Order(StringComparer.Ordinal).ShouldBe(["a", "d", "e"]);
        world.Store.Evictions().ShouldBe(2);

        // Names without end, and tools that don't exist: neither makes a profile grow.
        world.Call(agent: new('x', 1_000_000));
        for (var i = 0; i < 10_000; i++)
        {
            world.Profiles.Record(new BehaviourSample("e", $"no_such_tool_{i}", true, 4, world.Now));
        }

        world.Profiles.Save();
        world.Store.Load().ShouldAllBe(static r => r.Agent.Length <= 128 && r.State.Length < 8192);
        world.Profile("e").Counts.Tools.ShouldBe(WindowCounts.MaxTools);
    }

    [Fact]
    public void A_feed_error_is_a_signal_and_never_a_denial()
    {
        using var world = new BehaviourWorld();
        world.Window(5).Signals.ShouldBeEmpty();
        world.Profiles.Record(new BehaviourSample(null!, "tool", false, 4, world.Now));
        var decision = world.Ask();
        decision.Verdict.ShouldBe(Verdict.Allow);
        decision.Signals.ShouldHaveSingleItem().Description.ShouldStartWith("The behavioural profile may be incomplete: a receipt was not counted");
        world.Ask("somebody new").Signals.ShouldHaveSingleItem();
        world.Profiles.Evaluate(null!, world.Now).Verdict.ShouldBe(Verdict.Allow);
    }

    [Fact]
    public void A_store_that_is_down_is_a_signal_until_it_works_again_and_nothing_is_lost()
    {
        var store = new MemoryBehaviourStore { Down = true };
        using var world = new BehaviourWorld(store: store);
        world.Call(5);
        world.Profiles.Save();
        var decision = world.Ask();
        decision.Verdict.ShouldBe(Verdict.Allow);
        decision.Signals.ShouldHaveSingleItem().Description.ShouldContain("The disk is full.");
        world.Call(5);
        store.Down = false;
        world.Profiles.Save();
        world.Ask().Signals.ShouldBeEmpty();
        world.Profile().Counts.Calls.ShouldBe(10);
    }
}
