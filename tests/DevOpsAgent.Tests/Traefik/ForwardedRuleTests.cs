using System.Text.RegularExpressions;
using DevOpsAgent.Addresses;
using DevOpsAgent.Traefik;
using FsCheck;
using FsCheck.Fluent;

namespace DevOpsAgent.Tests.Traefik;

public sealed class ForwardedRuleTests
{
    [Fact]
    public void The_rule_is_the_form_proven_with_a_real_Traefik_factored_by_octet() =>
        ForwardedRule.Text(Ranges("203.0.113.7", "203.0.113.9", "198.51.100.0/24", "2001:db8::9"), Ranges("198.51.100.4")).ShouldBe(
            @"HeaderRegexp(`X-Forwarded-For`, `(?:^|,\s*)(?:(?:::ffff:)?(?:198\.(?:51\.(?:100\.[0-9]{1,3}))|203\.(?:0\.(?:113\.(?:7|9))))(?::[0-9]{1,5})?|\[?(?:2001:db8::9)(?:\](?::[0-9]{1,5})?)?)$`)"
            + @" && !HeaderRegexp(`X-Forwarded-For`, `(?:^|,\s*)(?:(?:::ffff:)?(?:198\.(?:51\.(?:100\.(?:4))))(?::[0-9]{1,5})?)$`)");

    [Theory]
    [InlineData("203.0.113.7", true)]
    [InlineData("203.0.113.7:4711", true)]
    [InlineData("::ffff:203.0.113.7", true)]
    [InlineData("192.0.2.1, 203.0.113.7", true)]
    [InlineData("192.0.2.1,203.0.113.7", true)]
    [InlineData("2001:db8::9", true)]
    [InlineData("[2001:db8::9]:443", true)]
    [InlineData("203.0.113.7, 192.0.2.1", false)] // forged by somebody else, to have the victim denied
    [InlineData("203.0.113.77", false)]
    [InlineData("1203.0.113.7", false)]
    [InlineData("203x0.113.7", false)]
    [InlineData("2001:db8::9:5", false)] // another address, no port
    [InlineData("2001:db8::91", false)]
    [InlineData("2001:db8:0:0:1::9", false)]
    [InlineData("", false)]
    public void Only_the_last_entry_counts(string header, bool denied) =>
        Matches(ForwardedRule.Text(Ranges("203.0.113.7", "2001:db8::9"), []), header).ShouldBe(denied);

    [Fact]
    public void Property_it_matches_exactly_the_ranges_minus_the_carve_outs()
    {
        var lists =
            from seed in Gen.Choose(0, int.MaxValue - 1)
            from count in Gen.Choose(1, 60)
            select (seed, count);
        Prop.ForAll(lists.ToArbitrary(), static x => Exact(x.seed, x.count)).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void IPv6_ranges_of_more_than_256_addresses_are_not_covered()
    {
        ForwardedRule.Covers(AddressRange.Parse("2001:db8::/64")).ShouldBeFalse();
        ForwardedRule.Text(Ranges("2001:db8::/64"), []).ShouldBe("");
        Matches(ForwardedRule.Text(Ranges("2001:db8::100/120"), []), "2001:db8::1ff").ShouldBeTrue();
    }

    private static void Exact(int seed, int count)
    {
        var random = new Random(seed);
        AddressRange Some(int least) => new(ClientAddress.FromIPv4(0xCB000000 + (uint)random.Next(1 << 12) * 16), random.Next(least, 33));
        var listed = Enumerable.Range(0, count).Select(_ => Some(18)).ToArray();
        AddressRange[] ranges = [.. listed.Distinct().Where(r => !listed.Any(o => o != r && o.Contains(r)))];
        AddressRange[] open = [.. Enumerable.Range(0, count / 4).Select(_ => Some(24)).Distinct()];
        var rule = ForwardedRule.Text(ranges, open);
        foreach (var probe in ranges.Concat(open).Select(static r => r.Address).Concat(Enumerable.Range(0, 50).Select(_ => Some(32).Address)))
        {
            var expected = ranges.Any(r => r.Contains(probe)) && !open.Any(o => o.Contains(probe));
            Matches(rule, $"192.0.2.1, {probe}").ShouldBe(expected, $"{probe}, of seed {seed}, {count}: {rule}");
        }
    }

    /// <summary>The rule as Traefik evaluates it: HeaderRegexp terms joined by "&amp;&amp; !".</summary>
    private static bool Matches(string rule, string header)
    {
        var terms = Regex.Matches(rule, @"(?<not>!?)HeaderRegexp\(`X-Forwarded-For`, `(?<form>[^`]*)`\)", RegexOptions.NonBacktracking);
        return terms.Count > 0 && terms.All(t => Regex.IsMatch(header, t.Groups["form"].Value, RegexOptions.NonBacktracking) == (t.Groups["not"].Length == 0));
    }

    private static AddressRange[] Ranges(params string[] texts) => [.. texts.Select(AddressRange.Parse)];
}
