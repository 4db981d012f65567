using DevOpsAgent.Addresses;

namespace DevOpsAgent.Tests.Addresses;

public sealed class AddressRangeTests
{
    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7", "203.0.113.7/32")]
    [InlineData("10.0.0.77/24", "10.0.0.0/24", "10.0.0.0/24")]
    [InlineData("::ffff:198.51.100.9", "198.51.100.9", "198.51.100.9/32")]
    [InlineData("2001:DB8::1/64", "2001:db8::/64", "2001:db8::/64")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("::/0", "::/0", "::/0")]
    public void Canonical_text(string text, string shown, string cidr)
    {
        var range = AddressRange.Parse(text);
        range.ToString().ShouldBe(shown);
        range.ToCidr().ShouldBe(cidr);
    }

    [Theory]
    [InlineData("")]
    [InlineData("010.0.0.1")]
    [InlineData("10.0.0.1/33")]
    [InlineData("10.0.0.1/-1")]
    [InlineData("10.0.0.1/ 8")]
    [InlineData("1.2.3")]
    [InlineData("[2001:db8::1]")]
    [InlineData("not an address")]
    [InlineData("2001:db8::1/129")]
    public void Refused(string text) => AddressRange.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void A_v4_range_never_contains_a_v6_address()
    {
        AddressRange.Parse("0.0.0.0/0").Contains(ClientAddress.Parse("2001:db8::1")).ShouldBeFalse();
        AddressRange.Parse("::/0").Contains(ClientAddress.Parse("203.0.113.1")).ShouldBeFalse();
        AddressRange.Parse("10.0.0.0/8").Contains(ClientAddress.Parse("::ffff:10.1.2.3")).ShouldBeTrue();
    }
}
