using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Guards;
using DevOpsAgent.Tests.Traefik;
using DevOpsAgent.Traefik;

namespace DevOpsAgent.Tests.Blocking;

public sealed class BlockerTests : IAsyncLifetime
{
    private readonly BlockWorld _world = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task A_block_ends_in_the_file_the_store_and_the_action_with_its_undo()
    {
        _world.Incident(7, "203.0.113.7");
        var answer = await _world.BlockAsync(_world.Auto("203.0.113.7", 7));
        answer.Verdict.ShouldBe(BlockVerdict.Unconfirmed);
        _world.Denies("203.0.113.7").ShouldBeTrue();
        _world.Store.GetBlock(answer.Block!.Id)!.Status.ShouldBe(BlockStatus.Unconfirmed);
        var action = _world.Store.GetActions(7, openOnly: false, 10).ShouldHaveSingleItem();
        action.Result.ShouldStartWith("unconfirmed: Written to ");
        action.Undo.ShouldBe($"devops-agent blocks remove {answer.Block.Id}");
        _world.Events.ShouldHaveSingleItem().Kind.ShouldBe(BlockEventKind.Applied);
    }

    [Fact]
    public async Task The_first_is_written_at_once_and_the_rest_together_two_seconds_later()
    {
        await _world.Blocker.BlockAsync([_world.ByHand("203.0.113.1")]);
        var second = _world.Blocker.BlockAsync([_world.ByHand("203.0.113.3")]);
        await Until(() => _world.Time.Waiting > 0);
        var third = _world.Blocker.BlockAsync([_world.ByHand("203.0.113.5")]);
        await Until(() => _world.Store.GetLiveBlocks().Count == 3);
        _world.Time.Advance(WriteThrottle.Quiet - TimeSpan.FromMilliseconds(1));
        second.IsCompleted.ShouldBeFalse();
        _world.Denies("203.0.113.3").ShouldBeFalse();
        _world.Time.Advance(TimeSpan.FromMilliseconds(1));
        await second;
        _world.Denies("203.0.113.3").ShouldBeTrue();
        _world.Denies("203.0.113.5").ShouldBeTrue();

        // Stored, it was written with the second; that it asked for the write a moment too late would cost it the next two seconds.
        await _world.Settle(third);
    }

    [Fact]
    public async Task Stopping_writes_what_still_waits()
    {
        await _world.Blocker.BlockAsync([_world.ByHand("203.0.113.1")]);
        var second = _world.Blocker.BlockAsync([_world.ByHand("203.0.113.3")]);
        await Until(() => _world.Time.Waiting > 0);
        await _world.Blocker.DisposeAsync();
        await second;
        _world.Denies("203.0.113.3").ShouldBeTrue();
    }

    [Fact]
    public async Task A_lift_takes_it_out_and_the_last_one_takes_the_file_away()
    {
        var one = await _world.BlockAsync(_world.ByHand("203.0.113.1"));
        var two = await _world.BlockAsync(_world.ByHand("203.0.113.9"));
        (await _world.Settle(_world.Blocker.LiftAsync(one.Block!.Id, "ann", "web 127.0.0.1"))).ShouldNotBeNull();
        _world.Denies("203.0.113.1").ShouldBeFalse();
        _world.Denies("203.0.113.9").ShouldBeTrue();
        (await _world.Settle(_world.Blocker.LiftAsync(one.Block.Id, "bob", "web 127.0.0.1"))).ShouldBeNull();
        (await _world.Settle(_world.Blocker.LiftAsync(two.Block!.Id, "ann", "cli uid 0"))).ShouldNotBeNull();
        File.Exists(_world.File).ShouldBeFalse();
        _world.Store.GetBlock(two.Block!.Id)!.Status.ShouldBe(BlockStatus.Lifted);
        var lift = _world.Store.GetActions(null, openOnly: false, 10).First(static a => a.ActionType == "unblock");
        lift.ApprovedBy.ShouldBe("ann");
        lift.Undo.ShouldStartWith("devops-agent blocks add 203.0.113.1 --ttl ");
        _world.Store.GetActions(null, openOnly: true, 10).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_lift_stored_by_another_process_wins_over_an_effect_under_way()
    {
        var answer = await _world.BlockAsync(_world.ByHand("203.0.113.1"));
        _world.Store.AddAction(BlockAction.IntendLift(answer.Block!, "ann", "cli uid 0", _world.Time.GetUtcNow()));
        await _world.Settle(_world.Blocker.SyncAsync());
        _world.Content.ShouldBe("");
        _world.Store.GetBlock(answer.Block!.Id)!.Status.ShouldBe(BlockStatus.Lifted);
    }

    [Fact]
    public async Task It_expires_by_itself()
    {
        await _world.BlockAsync(_world.ByHand("203.0.113.1"));
        using var stop = new CancellationTokenSource();
        var running = _world.Blocker.RunAsync(stop.Token);
        _world.Time.Advance(TimeSpan.FromHours(4));
        await Until(() => _world.Content.Length == 0 && _world.Store.GetBlock(1)!.Status == BlockStatus.Expired);
        await stop.CancelAsync();
        await running;
        _world.Events.ShouldContain(static e => e.Kind == BlockEventKind.Expired);
    }

    [Fact]
    public async Task A_wall_clock_set_back_never_makes_it_last_longer()
    {
        await _world.BlockAsync(_world.ByHand("203.0.113.1"));
        _world.Time.Jump(TimeSpan.FromDays(-30));
        _world.Time.Advance(TimeSpan.FromHours(4));
        await _world.Settle(_world.Blocker.SyncAsync());
        _world.Content.ShouldBe("");
    }

    [Fact]
    public async Task A_wall_clock_set_back_before_a_start_gives_it_its_own_time_and_no_more()
    {
        await _world.BlockAsync(_world.ByHand("203.0.113.1"));
        _world.Time.Jump(TimeSpan.FromDays(-30));
        _world.Start();
        await _world.Settle(_world.Blocker.ReconcileAsync());
        _world.Denies("203.0.113.1").ShouldBeTrue();
        _world.Time.Advance(TimeSpan.FromHours(4));
        await _world.Settle(_world.Blocker.SyncAsync());
        _world.Content.ShouldBe("");
    }

    [Fact]
    public async Task What_expired_while_the_agent_was_down_goes_at_start()
    {
        await _world.BlockAsync(_world.ByHand("203.0.113.1"));
        await _world.Blocker.DisposeAsync();
        _world.Time.Advance(TimeSpan.FromHours(5));
        _world.Start();
        await _world.Settle(_world.Blocker.ReconcileAsync());
        _world.Content.ShouldBe("");
        _world.Store.GetBlock(1)!.Status.ShouldBe(BlockStatus.Expired);
    }

    [Fact]
    public async Task An_allowlist_entry_lifts_a_block_and_is_carved_out_of_a_range()
    {
        await _world.BlockAsync(_world.ByHand("203.0.113.1"));
        await _world.BlockAsync(_world.ByHand("198.51.100.0/24"));
        _world.Allowlist.Add(AddressRange.Parse("203.0.113.1"));
        _world.Allowlist.Add(AddressRange.Parse("198.51.100.7"));
        await _world.Settle(_world.Blocker.SyncAsync());
        _world.Denies("203.0.113.1").ShouldBeFalse();
        _world.Denies("198.51.100.7").ShouldBeFalse();
        _world.Denies("198.51.100.8").ShouldBeTrue();
        _world.Store.GetBlock(1)!.Status.ShouldBe(BlockStatus.Lifted);
        _world.Store.GetActions(null, openOnly: true, 10).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_change_of_the_store_that_concerns_no_block_waits_for_nothing_and_touches_nothing()
    {
        await _world.Blocker.BlockAsync([_world.ByHand("203.0.113.1")]);
        File.Delete(_world.File);
        (await _world.Blocker.SyncAsync()).Outcome.ShouldBe(TargetOutcome.Unconfirmed);
        _world.Time.Waiting.ShouldBe(0);
        File.Exists(_world.File).ShouldBeFalse();
        await _world.Settle(_world.Blocker.VerifyAsync());
        _world.Denies("203.0.113.1").ShouldBeTrue();
    }

    [Fact]
    public async Task A_lift_during_a_write_is_not_taken_for_done()
    {
        await _world.Blocker.BlockAsync([_world.ByHand("203.0.113.1")]);
        Task<TargetResult>? during = null;
        _world.Start(new HookedTarget(_world.Target, () =>
        {
            if (during is null && _world.Store.GetBlock(2) is { } second)
            {
                _world.Store.UpdateBlock(second.Id, BlockStatus.Lifted, "lifted by ann", _world.Time.GetUtcNow());
                during = _world.Blocker.SyncAsync();
            }
        }));
        await _world.Blocker.ReconcileAsync();
        await _world.Settle(_world.Blocker.BlockAsync([_world.ByHand("203.0.113.9")]));
        await _world.Settle(during!);
        _world.Denies("203.0.113.9").ShouldBeFalse();
        _world.Denies("203.0.113.1").ShouldBeTrue();
        _world.Store.GetBlock(2)!.Status.ShouldBe(BlockStatus.Lifted);
    }

    [Fact]
    public async Task A_foreign_edit_is_set_right_and_reported()
    {
        await _world.BlockAsync(_world.ByHand("203.0.113.1"));
        var good = _world.Content;
        await File.WriteAllTextAsync(_world.File, good.Replace("203.0.113.1", "0.0.0.0/0"), TestContext.Current.CancellationToken);
        await _world.Settle(_world.Blocker.VerifyAsync());
        _world.Content.ShouldBe(good);
        _world.Events[^1].Kind.ShouldBe(BlockEventKind.ForeignEdit);
        _world.Events[^1].Text.ShouldContain("instead of 'ClientIP(`203.0.113.1`)'");

        File.Delete(_world.File);
        await _world.Settle(_world.Blocker.VerifyAsync());
        _world.Content.ShouldBe(good);
        _world.Events[^1].Kind.ShouldBe(BlockEventKind.DriftRepaired);
    }

    [Fact]
    public async Task Drift_from_before_the_start_is_set_right_and_reported()
    {
        await _world.BlockAsync(_world.ByHand("203.0.113.1"));
        var good = _world.Content;
        File.Delete(_world.File);
        _world.Start();
        await _world.Settle(_world.Blocker.ReconcileAsync());
        _world.Content.ShouldBe(good);
        _world.Events[^1].Text.ShouldContain("is missing; it was set right");
        _world.Start();
        var events = _world.Events.Count;
        await _world.Settle(_world.Blocker.ReconcileAsync());
        _world.Events.Count.ShouldBe(events);
    }

    [Fact]
    public async Task A_target_that_fails_fails_the_block_and_is_tried_again_for_the_rest()
    {
        await _world.BlockAsync(_world.ByHand("203.0.113.1"));
        var hidden = _world.Root + "/hidden";
        Directory.Move(Path.GetDirectoryName(_world.File)!, hidden);
        var answer = await _world.BlockAsync(_world.ByHand("203.0.113.9"));
        answer.Verdict.ShouldBe(BlockVerdict.Failed);
        answer.Text.ShouldContain("does not exist");
        _world.Store.GetActions(null, openOnly: true, 10).ShouldBeEmpty();

        await _world.Settle(_world.Blocker.LiftAsync(1, "ann", "web 127.0.0.1"));
        _world.Store.GetActions(null, openOnly: true, 10).ShouldHaveSingleItem().ActionType.ShouldBe("unblock");
        Directory.Move(hidden, Path.GetDirectoryName(_world.File)!);
        using var stop = new CancellationTokenSource();
        var running = _world.Blocker.RunAsync(stop.Token);
        _world.Time.Advance(TimeSpan.FromSeconds(6));
        await Until(() => _world.Content.Length == 0 && _world.Store.GetActions(null, openOnly: true, 10).Count == 0);
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task Without_a_target_nothing_pretends_to_be_blocked()
    {
        _world.Start(new NoTarget(["web"]));
        var answer = await _world.BlockAsync(_world.ByHand("203.0.113.1"));
        answer.Verdict.ShouldBe(BlockVerdict.Failed);
        answer.Text.ShouldContain("set blocking.directory");
        _world.Content.ShouldBe("");
    }

    [Fact]
    public async Task A_repeat_offender_is_denied_twice_as_long_up_to_the_cap()
    {
        var times = new List<double>();
        for (var i = 0; i < 8; i++)
        {
            var answer = await _world.BlockAsync(_world.ByHand("203.0.113.1"));
            times.Add((answer.Block!.ExpiresAt - answer.Block.CreatedAt).TotalHours);
            await _world.Settle(_world.Blocker.LiftAsync(answer.Block.Id, "ann", "test"));
        }

        times.ShouldBe([4, 8, 16, 32, 64, 128, 168, 168]);
    }

    [Fact]
    public async Task Two_rules_that_see_one_attack_do_not_make_a_repeat_offender()
    {
        _world.Incident(7, "203.0.113.1");
        _world.Incident(8, "203.0.113.1");
        await _world.BlockAsync(_world.Auto("203.0.113.1", 7));
        (await _world.BlockAsync(_world.Auto("203.0.113.1", 8))).Block!.Offence.ShouldBe(1);
    }

    [Fact]
    public async Task Held_by_a_cap_is_said_aloud()
    {
        await using var world = new BlockWorld(static c => c with { MaxNewBlocks = 1 });
        world.Incident(7, "203.0.113.1", "203.0.113.9");
        var answers = await world.Settle(world.Blocker.BlockAsync([world.Auto("203.0.113.1", 7), world.Auto("203.0.113.9", 7), world.ByHand("10.0.0.1")]));
        answers.Select(static a => a.Verdict).ShouldBe([BlockVerdict.Unconfirmed, BlockVerdict.Held, BlockVerdict.Denied]);
        world.Events.ShouldContain(static e => e.Kind == BlockEventKind.Held && e.Text.Contains("203.0.113.9 waits for a person"));
    }

    [Fact]
    public async Task A_plan_shows_the_exact_change_and_makes_none()
    {
        for (var i = 1; i <= 40; i++)
        {
            await _world.BlockAsync(_world.ByHand($"203.0.113.{i * 2}"));
        }

        _world.Allowlist.Add(AddressRange.Parse("198.51.100.9"));
        var (before, rows) = (_world.Content, _world.Store.ListBlocks(false, 1, 0, out var total).Count + total);
        var plan = _world.Blocker.Plan([_world.ByHand("198.51.100.0/24")]);
        _world.Content.ShouldBe(before);
        (_world.Store.ListBlocks(false, 1, 0, out total).Count + total).ShouldBe(rows);
        plan.Refusal.ShouldBeNull();
        plan.Ranges.ShouldBe([AddressRange.Parse("198.51.100.0/24")]);
        plan.CarveOuts.ShouldBe([AddressRange.Parse("198.51.100.9")]);
        plan.Where.ShouldBe($"Traefik file {_world.File} at web, websecure");
        plan.Ttl.ShouldBe(TimeSpan.FromHours(4));
        plan.Change.ShouldContain("+        (ClientIP(`198.51.100.0/24`) && !ClientIP(`198.51.100.9`)) ||\n");
        plan.Change.Split('\n').Length.ShouldBeLessThan(50);

        await _world.BlockAsync(_world.ByHand("198.51.100.0/24"));
        UnifiedDiffTests.Patch(before, plan.Change).ShouldBe(_world.Content);
        _world.Blocker.Export().ShouldBe(_world.Content);
        _world.Blocker.Plan([_world.ByHand("10.0.0.1")]).Refusal!.Value.Code.ShouldBe("not_public");
    }

    [Fact]
    public async Task Many_at_once_end_as_the_store_says()
    {
        var random = new Random(5);
        var order = Enumerable.Range(1, 60).Select(_ => random.Next(1, 30)).ToArray();
        var work = order.Select((n, i) => Task.Run(async () =>
        {
            var answer = (await _world.Blocker.BlockAsync([_world.ByHand($"203.0.113.{n * 2}")]))[0];
            if (i % 3 == 0)
            {
                await _world.Blocker.LiftAsync(answer.Block!.Id, "ann", "test");
            }

            return 0;
        })).ToArray();
        await _world.Settle(Task.WhenAll(work));
        for (var n = 1; n < 30; n++)
        {
            var wanted = _world.Store.GetLiveBlocks().Any(b => b.Range.ToString() == $"203.0.113.{n * 2}");
            _world.Denies($"203.0.113.{n * 2}").ShouldBe(wanted);
        }

        _world.Store.GetLiveBlocks().ShouldAllBe(static b => b.Status == BlockStatus.Unconfirmed);
        _world.Store.GetActions(null, openOnly: true, 1_000).ShouldBeEmpty();
    }

    /// <summary>Does something in the middle of a write: after the list was read, before the target is changed.</summary>
    private sealed class HookedTarget(IBlockTarget inner, Action hook) : IBlockTarget
    {
        public string Description => inner.Description;

        public string Render(DenyList list) => inner.Render(list);

        public Task<TargetResult> ApplyAsync(DenyList list, CancellationToken cancellationToken)
        {
            hook();
            return inner.ApplyAsync(list, cancellationToken);
        }

        public Task<TargetState> InspectAsync(DenyList list, CancellationToken cancellationToken) => inner.InspectAsync(list, cancellationToken);
    }

    private static async Task Until(Func<bool> reached)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!reached())
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
