using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using FsCheck;
using FsCheck.Fluent;

namespace DevOpsAgent.Tests.Blocking;

public sealed class AggregationTests
{
    [Fact]
    public void Full_neighbours_become_one_range_and_contained_ones_go() =>
        Merge(new(), "203.0.113.4", "203.0.113.5", "203.0.113.6", "203.0.113.7", "203.0.113.8", "198.51.100.0/24", "198.51.100.7")
            .ShouldBe(["198.51.100.0/24", "203.0.113.4/30", "203.0.113.8"]);

    [Fact]
    public void A_merged_range_never_exceeds_the_largest_permitted() =>
        Merge(new(), "198.51.100.0/24", "198.51.101.0/24", "203.0.113.0/25", "203.0.113.128/25")
            .ShouldBe(["198.51.100.0/24", "198.51.101.0/24", "203.0.113.0/24"]);

    [Fact]
    public void A_share_below_one_covers_a_crowded_range_only()
    {
        var config = new BlockingConfig { AggregateShare = 0.75 };
        Merge(config, "203.0.113.0", "203.0.113.1", "203.0.113.3", "203.0.113.64", "203.0.113.70").ShouldBe(["203.0.113.0/30", "203.0.113.64", "203.0.113.70"]);
    }

    [Fact]
    public void A_cover_never_takes_in_a_protected_address()
    {
        var config = new BlockingConfig { AggregateShare = 0.5 };
        Aggregation.Merge([.. Enumerable.Range(0, 200).Select(static i => AddressRange.Parse($"203.0.113.{i}"))], [AddressRange.Parse("203.0.113.250")], config)
            .ShouldAllBe(static r => !r.Contains(AddressRange.Parse("203.0.113.250")));
    }

    [Fact]
    public void Property_merging_loses_and_adds_nothing()
    {
        var gen = from count in Gen.Choose(0, 300) from lasts in Gen.ListOf(Gen.Choose(0, 511), count) from lengths in Gen.ListOf(Gen.Choose(24, 32), count) select lasts.Zip(lengths).ToArray();
        Prop.ForAll(gen.ToArbitrary(), static pairs =>
        {
            var blocked = pairs.Select(static p => new AddressRange(ClientAddress.FromIPv4(0xCB007000 + (uint)p.First), p.Second >= 30 ? p.Second : 32)).ToArray();
            var merged = Aggregation.Merge(blocked, [], new());
            merged.Zip(merged.Skip(1)).ShouldAllBe(static x => x.First < x.Second && !x.First.Overlaps(x.Second));
            return Enumerable.Range(0, 512).Select(static i => ClientAddress.FromIPv4(0xCB007000 + (uint)i))
                .All(a => blocked.Any(b => b.Contains(a)) == Aggregation.Covered(merged, AddressRange.Single(a)));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Carve_outs_are_only_those_inside_a_denied_range()
    {
        var list = Aggregation.DenyList(
            [AddressRange.Parse("198.51.100.0/24"), AddressRange.Parse("203.0.113.7")],
            [AddressRange.Parse("198.51.100.0/28"), AddressRange.Parse("198.51.100.3"), AddressRange.Parse("192.0.2.1"), AddressRange.Parse("203.0.113.7")],
            new());
        list.Ranges.ShouldBe([AddressRange.Parse("198.51.100.0/24")]);
        list.CarveOuts.ShouldBe([AddressRange.Parse("198.51.100.0/28")]);
    }

    private static string[] Merge(BlockingConfig config, params string[] ranges) =>
        [.. Aggregation.Merge(ranges.Select(AddressRange.Parse), [], config).Select(static r => r.ToString())];
}
