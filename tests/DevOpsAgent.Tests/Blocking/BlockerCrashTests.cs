using DevOpsAgent.Blocking;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.Traefik;

namespace DevOpsAgent.Tests.Blocking;

/// <summary>The process ends between any two steps: played by a fault at the n-th write of the store or call of the target, from which on nothing works any more.</summary>
public sealed class BlockerCrashTests
{
    [Fact]
    public async Task After_a_stop_between_any_two_steps_the_next_start_makes_it_whole()
    {
        var steps = 0;
        for (var crash = 1; ; crash++)
        {
            await using var world = new BlockWorld();
            world.Incident(7, "203.0.113.7");
            var first = await world.BlockAsync(world.ByHand("198.51.100.1"));
            var calls = 0;
            void Step()
            {
                if (++calls >= crash)
                {
                    throw new StoreException("gone", StoreFault.Unavailable);
                }
            }

            world.Store.Fault = _ => Step();
            var dying = world.Start(new DyingTarget(world.Target, Step));
            try
            {
                await world.Settle(dying.BlockAsync([world.Auto("203.0.113.7", 7)]));
                await world.Settle(dying.LiftAsync(first.Block!.Id, "ann", "test"));
            }
            catch (StoreException)
            {
                // The process ends here.
            }

            if (world.Content.Length > 0)
            {
                DenyFileTests.Read(world.Content).ShouldContainKey("routers");
            }

            var finished = calls < crash;
            world.Store.Fault = null;
            world.Start();
            world.Time.Advance(TimeSpan.FromMinutes(2));
            await world.Settle(world.Blocker.ReconcileAsync());

            var live = world.Store.GetLiveBlocks();
            live.ShouldAllBe(static b => b.Status == BlockStatus.Unconfirmed);
            world.Store.GetActions(null, openOnly: true, 10).ShouldBeEmpty($"crash at step {crash}");
            world.Denies("203.0.113.7").ShouldBe(live.Any(static b => b.IncidentId == 7), $"crash at step {crash}");
            world.Denies("198.51.100.1").ShouldBe(live.Any(static b => b.IncidentId is null), $"crash at step {crash}");

            world.Time.Advance(TimeSpan.FromHours(4));
            await world.Settle(world.Blocker.SyncAsync());
            world.Content.ShouldBe("");
            if (finished)
            {
                break;
            }

            steps = crash;
        }

        steps.ShouldBeGreaterThan(10);
    }

    private sealed class DyingTarget(IBlockTarget inner, Action step) : IBlockTarget
    {
        public string Description => inner.Description;

        public string Render(DenyList list) => inner.Render(list);

        public async Task<TargetResult> ApplyAsync(DenyList list, CancellationToken cancellationToken)
        {
            step();
            var result = await inner.ApplyAsync(list, cancellationToken);
            step();
            return result;
        }

        public Task<TargetState> InspectAsync(DenyList list, CancellationToken cancellationToken)
        {
            step();
            return inner.InspectAsync(list, cancellationToken);
        }
    }
}
