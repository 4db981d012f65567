using DevOpsAgent.Incidents;

namespace DevOpsAgent.Tests.Incidents;

public sealed class AllowlistValueTests
{
    [Theory]
    [InlineData(" 203.0.113.7 ", "203.0.113.7", true)]
    [InlineData("203.0.113.7/32", "203.0.113.7", true)]
    [InlineData("203.0.113.0/24", "203.0.113.0/24", true)]
    [InlineData("::ffff:203.0.113.7", "203.0.113.7", true)]
    [InlineData("2001:DB8::/48", "2001:db8::/48", true)]
    [InlineData("Monitor.Example.COM.", "monitor.example.com", false)]
    [InlineData("bücher.example", "xn--bcher-kva.example", false)]
    [InlineData("localhost", "localhost", false)]
    [InlineData("_dns.example.com", "_dns.example.com", false)]
    public void Canonical(string text, string canonical, bool range)
    {
        AllowlistValue.TryParse(text, force: false, out var value, out var error).ShouldBeTrue(error);
        value.Text.ShouldBe(canonical);
        value.Range.HasValue.ShouldBe(range);
    }

    [Theory]
    [InlineData(null, "missing")]
    [InlineData("  ", "missing")]
    [InlineData("203.0.113.77/24", "host bits set: write 203.0.113.0/24 for the network or 203.0.113.77")]
    [InlineData("2001:db8::1/64", "host bits set")]
    [InlineData("203.0.113.0/33", "not a CIDR range")]
    [InlineData("203.0.113.0/", "not a CIDR range")]
    [InlineData("203.0.113.0/-1", "not a CIDR range")]
    [InlineData("0.0.0.0/0", "nothing would ever be blocked")]
    [InlineData("::/0", "nothing would ever be blocked")]
    [InlineData("203.0.113.256", "neither an IP address")]
    [InlineData("1.2.3", "neither an IP address")]
    [InlineData("203.0.113.7:443", "without a port")]
    [InlineData("[2001:db8::1]:443", "without brackets")]
    [InlineData("*.example.com", "wildcard")]
    [InlineData("https://example.com/", "host name only")]
    [InlineData("-bad.example", "neither an IP address")]
    [InlineData("a..b", "neither an IP address")]
    [InlineData("\u0000", "neither an IP address")]
    [InlineData("a b", "neither an IP address")]
    [InlineData("=cmd|'/c calc'!A1", "not a CIDR range")]
    public void Refused(string? text, string why)
    {
        AllowlistValue.TryParse(text, force: false, out _, out var error).ShouldBeFalse();
        error.ShouldContain(why);
    }

    [Fact]
    public void Too_long() => AllowlistValue.TryParse(new string('a', 300), force: true, out _, out _).ShouldBeFalse();

    [Fact]
    public void Everything_only_by_force()
    {
        AllowlistValue.TryParse("0.0.0.0/0", force: true, out var value, out _).ShouldBeTrue();
        value.Text.ShouldBe("0.0.0.0/0");
    }
}
