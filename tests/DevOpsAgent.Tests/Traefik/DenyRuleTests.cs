using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Traefik;
using FsCheck;
using FsCheck.Fluent;

namespace DevOpsAgent.Tests.Traefik;

public sealed class DenyRuleTests(ITestOutputHelper output)
{
    private static readonly BlockingConfig Anything = new() { MinPrefixIpv4 = 0, MinPrefixIpv6 = 0 };

    [Fact]
    public void Few_addresses_stand_in_one_line_each_with_one_argument_per_call() =>
        DenyRule.Lines(Ranges("203.0.113.7", "198.51.100.0/24", "2001:db8::/64"), []).ShouldBe(
        [
            "ClientIP(`198.51.100.0/24`) ||",
            "ClientIP(`203.0.113.7`) ||",
            "ClientIP(`2001:db8::/64`)",
        ]);

    [Fact]
    public void A_carve_out_stands_at_the_range_that_holds_it() =>
        DenyRule.Text(Ranges("198.51.100.0/24", "203.0.113.0/24"), Ranges("203.0.113.9", "203.0.113.128/25"))
            .ShouldBe("ClientIP(`198.51.100.0/24`) || (ClientIP(`203.0.113.0/24`) && !ClientIP(`203.0.113.9`) && !ClientIP(`203.0.113.128/25`))");

    [Fact]
    public void Nine_are_split_by_the_next_prefix_length()
    {
        var rule = DenyRule.Text(Ranges([.. Enumerable.Range(0, 9).Select(i => $"203.0.113.{i * 2}")]), []);
        rule.ShouldContain("(ClientIP(`203.0.113.");
        RuleLanguage.Parse(rule).Depth.ShouldBeInRange(1, 6);
    }

    [Fact]
    public void Nothing_is_an_empty_rule()
    {
        DenyRule.Lines([], []).ShouldBeEmpty();
        DenyRule.Lines(Ranges("203.0.113.7"), Ranges("203.0.113.0/24")).ShouldBeEmpty();
    }

    [Fact]
    public void Every_line_but_the_last_ends_so_that_the_expression_can_not_end_there()
    {
        var lines = DenyRule.Lines(Random(500, 1, clustered: true), []);
        lines.SkipLast(1).ShouldAllBe(static line => line.EndsWith("||", StringComparison.Ordinal) || line.EndsWith("&& (", StringComparison.Ordinal));
    }

    [Fact]
    public void Property_it_matches_exactly_the_ranges_minus_the_carve_outs()
    {
        var lists =
            from seed in Gen.Choose(0, int.MaxValue - 1)
            from count in Gen.Choose(0, 400)
            from clustered in Gen.Elements(true, false)
            select (seed, count, clustered);
        Prop.ForAll(lists.ToArbitrary(), static x => Exact(x.seed, x.count, x.clustered)).QuickCheckThrowOnFailure();
    }

    private static bool Exact(int seed, int count, bool clustered)
    {
        var random = new Random(seed);
        var blocked = Random(count, seed, clustered);
        var open = Random(count / 10, seed + 1, clustered).Concat(blocked.Where(b => !b.IsSingle && random.Next(2) == 0).Select(static b => AddressRange.Single(b.Address))).ToArray();
        var list = Aggregation.DenyList(blocked, open, Anything);
        var text = DenyRule.Text(list.Ranges, list.CarveOuts);
        text.ShouldBe(DenyRule.Text([.. list.Ranges.Reverse()], list.CarveOuts));
        var rule = text.Length == 0 ? null : RuleLanguage.Parse(text);

        var probes = blocked.Concat(open).SelectMany(static r => Edges(r)).Concat(Enumerable.Range(0, 100).Select(_ => RandomAddress(random, clustered)));
        foreach (var probe in probes)
        {
            var asked = 0;
            var expected = blocked.Any(b => b.Contains(probe)) && !open.Any(o => o.Contains(probe));
            if ((rule?.Matches(probe, ref asked) ?? false) != expected)
            {
                Assert.Fail($"{probe} should {(expected ? "" : "not ")}match, of seed {seed}, {count}: {text}");
            }
        }

        return rule is null || rule.Depth <= 45;
    }

    [Theory]
    [InlineData(10_000, false, 32, 400_000)]
    [InlineData(40_000, false, 34, 1_700_000)]
    [InlineData(10_000, true, 32, 400_000)]
    [InlineData(40_000, true, 34, 1_700_000)]
    public void Who_is_not_listed_is_asked_a_few_times(int count, bool clustered, int mean, int bytes)
    {
        var ranges = Random(count, 7, clustered).Where(static r => r.IsIPv4).ToArray();
        var (average, worst, depth, length) = Measure(ranges, clustered);
        output.WriteLine($"{ranges.Length} IPv4 {(clustered ? "clustered" : "spread")}: mean {average:F1}, worst {worst}, depth {depth}, {length} bytes");
        average.ShouldBeLessThan(mean);
        worst.ShouldBeLessThan(45);
        depth.ShouldBeLessThan(24);
        length.ShouldBeLessThan(bytes);
    }

    [Fact]
    public void Ipv6_is_as_cheap()
    {
        var random = new Random(3);
        var ranges = Enumerable.Range(0, 20_000).Select(_ => new AddressRange(RandomV6(random), random.Next(2) == 0 ? 128 : 64)).Distinct().ToArray();
        var list = Aggregation.DenyList(ranges, [], new()).Ranges;
        var (average, worst, depth, length) = Measure(list, clustered: false);
        output.WriteLine($"{list.Count} IPv6: mean {average:F1}, worst {worst}, depth {depth}, {length} bytes");
        average.ShouldBeLessThan(34);
        depth.ShouldBeLessThan(45);
    }

    private static (double Mean, int Worst, int Depth, int Length) Measure(IReadOnlyList<AddressRange> ranges, bool clustered)
    {
        var text = DenyRule.Text(ranges, []);
        var rule = RuleLanguage.Parse(text);
        var random = new Random(11);
        long sum = 0;
        int worst = 0, probes = 0;
        while (probes < 4_000)
        {
            var probe = ranges[0].IsIPv4 ? RandomV4(random, clustered) : RandomV6(random);
            var asked = 0;
            if (!rule.Matches(probe, ref asked))
            {
                (sum, worst, probes) = (sum + asked, Math.Max(worst, asked), probes + 1);
            }
        }

        return ((double)sum / probes, worst, rule.Depth, text.Length);
    }

    private static AddressRange[] Ranges(params string[] texts) => [.. texts.Select(AddressRange.Parse)];

    private static AddressRange[] Random(int count, int seed, bool clustered)
    {
        var random = new Random(seed);
        var set = new HashSet<AddressRange>();
        for (var tries = 0; set.Count < count && tries < count * 3; tries++)
        {
            var address = RandomAddress(random, clustered);
            var length = count > 1_000 || random.Next(4) > 0 ? address.Bits : random.Next(address.IsIPv4 ? 18 : 40, address.Bits + 1);
            set.Add(new(address, length));
        }

        return [.. set.Order()];
    }

    private static ClientAddress RandomAddress(Random random, bool clustered) =>
        random.Next(8) == 0 ? RandomV6(random) : RandomV4(random, clustered);

    // Clustered: a few hundred busy /16 of three octets' choice, as attackers' providers have.
    private static ClientAddress RandomV4(Random random, bool clustered) => ClientAddress.FromIPv4(clustered
        ? 0xCB000000 + (uint)((random.Next(16) << 20) + (random.Next(8) << 16) + (random.Next(64) << 8) + random.Next(256))
        : (uint)random.NextInt64(0x01000000, 0xE0000000));

    private static ClientAddress RandomV6(Random random) =>
        new(0x2001_0db8_0000_0000 + ((ulong)random.Next(1 << 20) << 8) + (ulong)random.Next(256), (ulong)random.NextInt64());

    private static IEnumerable<ClientAddress> Edges(AddressRange range)
    {
        yield return range.Address;
        var size = UInt128.One << (range.Address.Bits - range.PrefixLength);
        var value = new UInt128(range.Address.High, range.Address.Low);
        foreach (var edge in new[] { value + (size - 1), value + size, value - 1 })
        {
            var address = new ClientAddress((ulong)(edge >> 64), (ulong)edge);
            if (!address.IsNone && address.IsIPv4 == range.IsIPv4)
            {
                yield return address;
            }
        }
    }
}
