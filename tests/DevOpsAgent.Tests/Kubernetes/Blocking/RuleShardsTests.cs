using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Kubernetes.Blocking;
using DevOpsAgent.Tests.Traefik;
using DevOpsAgent.Traefik;

namespace DevOpsAgent.Tests.Kubernetes.Blocking;

public sealed class RuleShardsTests
{
    private const int Small = 4_000;

    private static readonly AddressRange[] Spread =
    [
        .. Enumerable.Range(0, 600).Select(static i => AddressRange.Parse($"{1 + (i * 37 % 220)}.{i * 91 % 256}.{i % 256}.{i * 13 % 256}")),
        .. Enumerable.Range(0, 200).Select(static i => AddressRange.Parse($"2001:db8:{i * 7919 % 65536:x}::{i:x}")),
    ];

    [Fact]
    public void A_list_that_fits_is_one_object()
    {
        var shard = RuleShards.Of(new(Spread, []), null).ShouldHaveSingleItem();
        shard.Suffix.ShouldBe("");
        shard.Rules.ShouldHaveSingleItem();
    }

    [Fact]
    public void Every_address_is_denied_by_exactly_one_object_and_each_fits()
    {
        var shards = RuleShards.Of(new(Spread, []), null, Small);
        shards.Count.ShouldBeGreaterThan(5);
        shards.Select(static s => s.Suffix).ShouldBeUnique();
        shards.SelectMany(static s => s.Rules).ShouldAllBe(static r => r.Length <= Small);
        var rules = shards.SelectMany(static s => s.Rules).Select(RuleLanguage.Parse).ToArray();
        foreach (var range in Spread)
        {
            rules.Count(r => Matches(r, range)).ShouldBe(1, range.ToString());
        }

        rules.Any(static r => Matches(r, AddressRange.Parse("223.255.255.1"))).ShouldBeFalse();
    }

    [Fact]
    public void One_more_address_changes_one_object()
    {
        var before = RuleShards.Of(new(Spread, []), null, Small).ToDictionary(static s => s.Suffix, static s => s.Rules[0]);
        var after = RuleShards.Of(new([.. Spread, AddressRange.Parse("223.255.255.1")], []), null, Small);

        after.Count(s => before.GetValueOrDefault(s.Suffix) != s.Rules[0]).ShouldBe(1);
    }

    [Fact]
    public void The_order_of_the_list_makes_no_difference() =>
        RuleShards.Of(new([.. Spread.Reverse()], []), null, Small).Select(static s => s.Suffix + s.Rules[0])
            .ShouldBe(RuleShards.Of(new(Spread, []), null, Small).Select(static s => s.Suffix + s.Rules[0]));

    [Fact]
    public void Behind_a_balancer_each_object_has_both_rules()
    {
        var shard = RuleShards.Of(new([AddressRange.Parse("203.0.113.7")], []), ForwardedRule.Text).ShouldHaveSingleItem();
        shard.Rules.Count.ShouldBe(2);
        shard.Rules[0].ShouldBe("ClientIP(`203.0.113.7`)");
        shard.Rules[1].ShouldStartWith("HeaderRegexp(`X-Forwarded-For`");
    }

    [Fact]
    public void Where_all_is_carved_out_there_is_no_object() =>
        RuleShards.Of(new([AddressRange.Parse("203.0.113.7")], [AddressRange.Parse("203.0.113.0/24")]), ForwardedRule.Text).ShouldBeEmpty();

    [Fact]
    public void Forty_thousand_addresses_of_either_family_stay_below_the_limit_of_etcd()
    {
        AddressRange[] v6 = [.. Enumerable.Range(0, 40_000).Select(static i => AddressRange.Parse($"2001:db8:{i * 7919 % 65536:x}:{i * 31 % 65536:x}:{i * 17 % 65536:x}:{i:x}:1234:5678"))];
        var shards = RuleShards.Of(new(v6, []), null);
        shards.Count.ShouldBeGreaterThan(1);
        shards.ShouldAllBe(static s => s.Rules.Sum(static r => System.Text.Json.JsonSerializer.Serialize(r).Length) < 1_500_000);
    }

    private static bool Matches(RuleNode rule, AddressRange range)
    {
        var asked = 0;
        return rule.Matches(range.Address, ref asked);
    }
}
