using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Guards;
using DevOpsAgent.Tests.Blocking;

namespace DevOpsAgent.Tests.Guards;

public sealed class TargetSafetyGuardTests : IAsyncLifetime
{
    private readonly BlockWorld _world = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_block_that_never_ends_outlives_its_reason(int seconds) => Denied(_world.ByHand("203.0.113.7") with { Ttl = TimeSpan.FromSeconds(seconds) }, "ttl_missing");

    [Fact]
    public void A_time_above_the_cap_is_refused() => Denied(_world.ByHand("203.0.113.7") with { Ttl = _world.Config.MaxTtl + TimeSpan.FromTicks(1) }, "ttl_too_long");

    [Fact]
    public void Nobody_blocks_without_reason_or_name()
    {
        Denied(_world.ByHand("203.0.113.7") with { Reason = " " }, "no_reason");
        Denied(_world.ByHand("203.0.113.7") with { By = "" }, "no_reason");
        Denied(_world.ByHand("203.0.113.7") with { Origin = "" }, "no_reason");
    }

    [Fact]
    public void The_default_value_would_deny_everybody() => Denied(_world.ByHand("203.0.113.7") with { Range = default }, "too_large");

    [Theory]
    [InlineData("0.0.0.0/0")]
    [InlineData("203.0.112.0/23")]
    [InlineData("::/0")]
    [InlineData("2001:db8::/32")]
    public void A_range_above_the_largest_is_refused(string range) => Denied(_world.ByHand(range), "too_large");

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
    public void An_address_that_is_not_public_is_a_balancer_or_a_forged_header(string range) => Denied(_world.ByHand(range), "not_public");

    [Fact]
    public void Permitted_private_addresses_pass()
    {
        var guard = new TargetSafetyGuard(_world.Never, _world.Config with { AllowPrivate = [AddressRange.Parse("10.1.0.0/16")] });
        guard.Check(_world.ByHand("10.1.2.3")).Verdict.ShouldBe(Verdict.Allow);
        guard.Check(_world.ByHand("10.2.2.3")).Code.ShouldBe("not_public");
    }

    [Theory]
    [InlineData("192.0.2.1")]
    [InlineData("192.0.2.0/25")]
    [InlineData("192.0.2.0/24")]
    public void Our_own_address_is_never_denied_not_even_inside_a_range(string range) => Denied(_world.ByHand(range), "ours");

    [Theory]
    [InlineData("192.0.2.130")]
    [InlineData("192.0.2.128/25")]
    public void A_trusted_proxy_stands_for_everybody_behind_it(string range) => Denied(_world.ByHand(range), "trusted_proxy");

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7")]
    [InlineData("203.0.113.0/24", "203.0.113.7")]
    [InlineData("0.0.0.0/0", "203.0.113.7")]
    [InlineData("::/0", "2001:db8::7")]
    public void A_listed_address_is_refused(string listed, string range)
    {
        _world.Allowlist.Add(AddressRange.Parse(listed));
        Denied(_world.ByHand(range), "allowlisted");
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
    public void This_machines_addresses_hold_loopback() => NeverBlocked.OfThisMachine().ShouldContain(AddressRange.Parse("127.0.0.1"));

    /// <summary>By the guard alone and by the whole gateway, which leaves nothing behind but the receipt.</summary>
    private void Denied(BlockRequest request, string code)
    {
        var decision = new TargetSafetyGuard(_world.Never, _world.Config).Check(request);
        decision.Verdict.ShouldBe(Verdict.Deny);
        decision.Code.ShouldBe(code);
        decision.Text.ShouldEndWith(".");
        var answer = _world.BlockAsync(request).GetAwaiter().GetResult();
        (answer.Verdict, answer.Refusal).ShouldBe((BlockVerdict.Denied, code));
        _world.Store.ListBlocks(liveOnly: false, 10, 0, out _).ShouldBeEmpty();
        _world.Store.GetActions(null, openOnly: false, 10).ShouldBeEmpty();
    }
}
