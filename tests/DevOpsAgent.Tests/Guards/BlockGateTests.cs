using System.Reflection;
using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.Blocking;

namespace DevOpsAgent.Tests.Guards;

public sealed class BlockGateTests : IAsyncLifetime
{
    private readonly BlockWorld _world = new(static c => c with { MaxNewBlocks = 3, MaxBlocks = 5 });

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public void Allowed_stores_the_intent_before_it_hands_out_the_permit()
    {
        _world.Incident(7, "203.0.113.7");
        var permit = Judge(_world.Auto("203.0.113.7", 7)).ShouldBeOfType<BlockDecision.Allowed>().Permit;
        _world.Store.GetBlock(permit.Block.Id).ShouldBe(permit.Block);
        permit.Block.Status.ShouldBe(BlockStatus.Pending);
        permit.Block.ExpiresAt.ShouldBe(_world.Time.GetUtcNow().AddHours(4));
        var action = _world.Store.GetActions(7, openOnly: true, 10).ShouldHaveSingleItem();
        action.Id.ShouldBe(permit.ActionId);
        action.Subject.ShouldStartWith("203.0.113.7/32 for 04:00:00 at Traefik file ");
        BlockAction.Intends(action, permit.Block).ShouldBeTrue();
    }

    [Fact]
    public void Disabled_mode_changes_nothing() => Denied(_world.ByHand("203.0.113.7") with { Mode = Mode.Disabled }, BlockRefusal.ModeDisabled);

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_block_that_never_ends_outlives_its_reason(int seconds) => Denied(_world.ByHand("203.0.113.7") with { Ttl = TimeSpan.FromSeconds(seconds) }, BlockRefusal.TtlMissing);

    [Fact]
    public void A_time_above_the_cap_is_refused() => Denied(_world.ByHand("203.0.113.7") with { Ttl = _world.Config.MaxTtl + TimeSpan.FromTicks(1) }, BlockRefusal.TtlTooLong);

    [Fact]
    public void Nobody_blocks_without_reason_or_name()
    {
        Denied(_world.ByHand("203.0.113.7") with { Reason = " " }, BlockRefusal.NoReason);
        Denied(_world.ByHand("203.0.113.7") with { By = "" }, BlockRefusal.NoReason);
    }

    [Fact]
    public void The_default_value_would_deny_everybody() => Denied(_world.ByHand("203.0.113.7") with { Range = default }, BlockRefusal.TooLarge);

    [Theory]
    [InlineData("0.0.0.0/0")]
    [InlineData("203.0.112.0/23")]
    [InlineData("::/0")]
    [InlineData("2001:db8::/32")]
    public void A_range_above_the_largest_is_refused(string range) => Denied(_world.ByHand(range), BlockRefusal.TooLarge);

    [Theory]
    [InlineData("10.1.2.3")]
    [InlineData("172.31.0.1")]
    [InlineData("192.168.1.0/24")]
    [InlineData("127.0.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.64.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::1")]
    [InlineData("fe80::1")]
    [InlineData("fd00::1")]
    [InlineData("ff02::1")]
    [InlineData("64:ff9b::203.0.113.7")]
    public void An_address_that_is_not_public_is_a_balancer_or_a_forged_header(string range) => Denied(_world.ByHand(range), BlockRefusal.NotPublic);

    [Fact]
    public async Task Permitted_private_addresses_pass()
    {
        await using var world = new BlockWorld(static c => c with { AllowPrivate = [AddressRange.Parse("10.1.0.0/16")] });
        world.Gate.Judge(world.ByHand("10.1.2.3")).ShouldBeOfType<BlockDecision.Allowed>();
        world.Gate.Judge(world.ByHand("10.2.2.3")).ShouldBeOfType<BlockDecision.Denied>();
    }

    [Theory]
    [InlineData("192.0.2.1")]
    [InlineData("192.0.2.0/25")]
    [InlineData("192.0.2.0/24")]
    public void Our_own_address_is_never_denied_not_even_inside_a_range(string range) => Denied(_world.ByHand(range), BlockRefusal.Ours);

    [Theory]
    [InlineData("192.0.2.130")]
    [InlineData("192.0.2.128/25")]
    public void A_trusted_proxy_stands_for_everybody_behind_it(string range) => Denied(_world.ByHand(range), BlockRefusal.TrustedProxy);

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7")]
    [InlineData("203.0.113.0/24", "203.0.113.7")]
    [InlineData("0.0.0.0/0", "203.0.113.7")]
    [InlineData("::/0", "2001:db8::7")]
    public void A_listed_address_is_refused(string listed, string range)
    {
        _world.Allowlist.Add(AddressRange.Parse(listed));
        Denied(_world.ByHand(range), BlockRefusal.Allowlisted);
    }

    [Fact]
    public async Task A_listed_address_inside_a_larger_range_is_carved_out()
    {
        _world.Allowlist.Add(AddressRange.Parse("203.0.113.9"));
        (await _world.BlockAsync(_world.ByHand("203.0.113.0/24"))).Verdict.ShouldBe(BlockVerdict.Unconfirmed);
        _world.Denies("203.0.113.8").ShouldBeTrue();
        _world.Denies("203.0.113.9").ShouldBeFalse();
    }

    [Fact]
    public void A_model_that_names_a_victim_with_somebody_elses_incident_is_refused()
    {
        _world.Incident(7, "203.0.113.7");
        Denied(_world.Auto("198.51.100.1", 7), BlockRefusal.NoEvidence);
        Denied(_world.ByHand("198.51.100.1") with { IncidentId = 7 }, BlockRefusal.NoEvidence);
        Denied(_world.Auto("198.51.100.1", 8), BlockRefusal.NoIncident);
        Denied(_world.ByHand("198.51.100.1") with { Mode = Mode.Auto }, BlockRefusal.NoIncident);
    }

    [Theory]
    [InlineData("rejected")]
    [InlineData("allowed")]
    [InlineData("expired")]
    public void A_late_approval_of_a_closed_incident_is_refused(string status)
    {
        _world.Incident(7, "203.0.113.7");
        _world.Store.Put(_world.Store.GetIncident(7)! with { Status = Enum.Parse<IncidentStatus>(status, ignoreCase: true) });
        Denied(_world.Auto("203.0.113.7", 7), BlockRefusal.IncidentClosed);
    }

    [Fact]
    public void Lines_that_any_client_can_forge_never_block_by_themselves()
    {
        _world.Incident(7, "203.0.113.7");
        _world.Store.Put(_world.Store.GetIncident(7)! with { Evidence = new() { Forgeable = true } });
        Held(_world.Auto("203.0.113.7", 7), BlockRefusal.Forgeable);
        Judge(_world.Auto("203.0.113.7", 7) with { TrustForgeable = true }).ShouldBeOfType<BlockDecision.Allowed>();
        Judge(_world.ByHand("203.0.113.7") with { IncidentId = 7 }).ShouldBeOfType<BlockDecision.Allowed>();
    }

    [Fact]
    public void Neighbours_without_evidence_are_not_denied_by_auto()
    {
        _world.Incident(7, "203.0.113.6", "203.0.113.7", "2001:db8::7");
        Held(_world.Auto("203.0.113.0/24", 7), BlockRefusal.RangeShare);
        Held(_world.Auto("2001:db8::/56", 7), BlockRefusal.RangeShare);
        Judge(_world.Auto("203.0.113.6/31", 7)).ShouldBeOfType<BlockDecision.Allowed>();
        Judge(_world.Auto("2001:db8::/64", 7)).ShouldBeOfType<BlockDecision.Allowed>();
    }

    [Fact]
    public void A_flood_that_makes_auto_block_the_world_is_held_for_a_person()
    {
        _world.Incident(7, "203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4");
        for (var i = 1; i <= 3; i++)
        {
            Judge(_world.Auto($"203.0.113.{i}", 7)).ShouldBeOfType<BlockDecision.Allowed>();
        }

        Held(_world.Auto("203.0.113.4", 7), BlockRefusal.IntervalCap);
        Judge(_world.ByHand("203.0.113.4") with { IncidentId = 7 }).ShouldBeOfType<BlockDecision.Allowed>();
        _world.Time.Advance(_world.Config.Interval + TimeSpan.FromSeconds(1));
        Judge(_world.Auto("203.0.113.4", 7)).ShouldBeOfType<BlockDecision.Allowed>();
    }

    [Fact]
    public void The_total_cap_holds_for_everybody()
    {
        _world.Incident(7, "203.0.113.9");
        for (var i = 1; i <= 5; i++)
        {
            Judge(_world.ByHand($"203.0.113.{i}")).ShouldBeOfType<BlockDecision.Allowed>();
        }

        Denied(_world.ByHand("203.0.113.9"), BlockRefusal.TotalCap);
        _world.Time.Advance(_world.Config.Interval + TimeSpan.FromSeconds(1));
        Held(_world.Auto("203.0.113.9", 7), BlockRefusal.TotalCap);
    }

    [Fact]
    public async Task Two_that_ask_at_once_do_not_both_get_the_last_place()
    {
        _world.Incident(7, [.. Enumerable.Range(1, 40).Select(static i => $"203.0.113.{i}")]);
        var decisions = await Task.WhenAll(Enumerable.Range(1, 40).Select(i => Task.Run(() => Judge(_world.Auto($"203.0.113.{i}", 7)))));
        decisions.OfType<BlockDecision.Allowed>().Count().ShouldBe(3);
    }

    [Theory]
    [InlineData("GetIncident")]
    [InlineData("AddAction")]
    [InlineData("AddBlock")]
    public async Task A_store_that_fails_means_no_and_no_effect(string method)
    {
        _world.Incident(7, "203.0.113.7");
        _world.Store.Fault = name => Throw(name == method);
        (await _world.BlockAsync(_world.Auto("203.0.113.7", 7))).Refusal.ShouldBe(BlockRefusal.Fault);
        _world.Store.Fault = null;
        await _world.Settle(_world.Blocker.ReconcileAsync());
        _world.Content.ShouldBe("");
        _world.Store.GetActions(null, openOnly: true, 10).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_permit_is_good_once_and_only_at_its_own_gate()
    {
        var permit = ((BlockDecision.Allowed)Judge(_world.ByHand("203.0.113.7"))).Permit;
        await _world.Settle(_world.Blocker.ApplyAsync([permit]));
        await Should.ThrowAsync<InvalidOperationException>(() => _world.Blocker.ApplyAsync([permit]));

        var foreign = ((BlockDecision.Allowed)Judge(_world.ByHand("203.0.113.8"))).Permit;
        var (_, other) = _world.Start();
        await Should.ThrowAsync<InvalidOperationException>(() => other.ApplyAsync([foreign]));
    }

    [Fact]
    public void Nobody_but_the_gate_can_make_a_permit()
    {
        typeof(ApprovedBlock).GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).ShouldAllBe(static c => c.IsPrivate);
        typeof(ApprovedBlock).IsSealed.ShouldBeTrue();
        typeof(ApprovedBlock).GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic).ShouldBeEmpty();
        typeof(ApprovedBlock).Assembly.GetTypes().Where(static t => t.IsSubclassOf(typeof(ApprovedBlock.Issuer))).ShouldBe([typeof(BlockGate)]);
    }

    [Fact]
    public void This_machines_addresses_hold_loopback() => NeverBlocked.OfThisMachine().ShouldContain(AddressRange.Parse("127.0.0.1"));

    private BlockDecision Judge(BlockRequest request) => _world.Gate.Judge(request);

    private void Denied(BlockRequest request, BlockRefusal code)
    {
        Judge(request).ShouldBeOfType<BlockDecision.Denied>().Code.ShouldBe(code);
        _world.Store.ListBlocks(liveOnly: false, 10, 0, out _).ShouldAllBe(b => b.Range != request.Range);
    }

    private void Held(BlockRequest request, BlockRefusal code) => Judge(request).ShouldBeOfType<BlockDecision.Pending>().Code.ShouldBe(code);

    private static void Throw(bool now)
    {
        if (now)
        {
            throw new StoreException("the disk is full", StoreFault.Full);
        }
    }
}
