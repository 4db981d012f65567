using DevOpsAgent.Blocking;
using DevOpsAgent.Tests.Blocking;

namespace DevOpsAgent.Tests.Guards;

public sealed class CapsGuardTests : IAsyncLifetime
{
    private readonly BlockWorld _world = new(static c => c with { MaxNewBlocks = 3, MaxBlocks = 5 });

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task A_flood_that_makes_auto_block_the_world_is_held_for_a_person()
    {
        _world.Incident(7, "203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4");
        for (var i = 1; i <= 3; i++)
        {
            (await _world.BlockAsync(_world.Auto($"203.0.113.{i}", 7))).Verdict.ShouldBe(BlockVerdict.Unconfirmed);
        }

        await Is(BlockVerdict.Held, "interval_cap", _world.Auto("203.0.113.4", 7));
        (await _world.BlockAsync(_world.ByHand("203.0.113.4") with { IncidentId = 7 })).Verdict.ShouldBe(BlockVerdict.Unconfirmed);
        _world.Time.Advance(_world.Config.Interval + TimeSpan.FromSeconds(1));
        (await _world.BlockAsync(_world.Auto("203.0.113.4", 7))).Verdict.ShouldBe(BlockVerdict.Unconfirmed);
    }

    [Fact]
    public async Task The_total_cap_holds_for_everybody()
    {
        _world.Incident(7, "203.0.113.9");
        for (var i = 1; i <= 5; i++)
        {
            (await _world.BlockAsync(_world.ByHand($"203.0.113.{i}"))).Verdict.ShouldBe(BlockVerdict.Unconfirmed);
        }

        await Is(BlockVerdict.Denied, "total_cap", _world.ByHand("203.0.113.9"));
        _world.Time.Advance(_world.Config.Interval + TimeSpan.FromSeconds(1));
        await Is(BlockVerdict.Held, "total_cap", _world.Auto("203.0.113.9", 7));
    }

    [Fact]
    public async Task A_campaign_that_is_asked_for_at_once_counts_each_of_its_clients()
    {
        _world.Incident(7, [.. Enumerable.Range(1, 5).Select(static i => $"203.0.113.{i}")]);
        var answers = await _world.Settle(_world.Blocker.BlockAsync([.. Enumerable.Range(1, 5).Select(i => _world.Auto($"203.0.113.{i}", 7))]));
        answers.Select(static a => a.Verdict).ShouldBe([BlockVerdict.Unconfirmed, BlockVerdict.Unconfirmed, BlockVerdict.Unconfirmed, BlockVerdict.Held, BlockVerdict.Held]);
        answers[4].Text.ShouldContain("3 blocks in the last");
    }

    [Fact]
    public async Task Two_that_ask_at_once_do_not_both_get_the_last_place()
    {
        _world.Incident(7, [.. Enumerable.Range(1, 40).Select(static i => $"203.0.113.{i}")]);
        var asked = Task.WhenAll(Enumerable.Range(1, 40).Select(i => Task.Run(() => _world.Blocker.BlockAsync([_world.Auto($"203.0.113.{i}", 7)]))));
        (await _world.Settle(asked)).Count(static a => a[0].Verdict == BlockVerdict.Unconfirmed).ShouldBe(3);
        _world.Store.ListBlocks(liveOnly: false, 1, 0, out var total);
        total.ShouldBe(3);
    }

    private async Task Is(BlockVerdict verdict, string code, DevOpsAgent.Guards.BlockRequest request)
    {
        var answer = await _world.BlockAsync(request);
        (answer.Verdict, answer.Refusal).ShouldBe((verdict, code));
    }
}
