using System.Text;
using DevOpsAgent.Addresses;
using DevOpsAgent.Logs;

namespace DevOpsAgent.Tests.Logs;

public sealed class ClientResolverTests
{
    private readonly ClientResolver _behind = new([AddressRange.Parse("10.0.0.0/8"), AddressRange.Parse("2001:db8:1::/48")]);

    [Theory]
    [InlineData("10.0.0.1", "203.0.113.9", "203.0.113.9", true)]
    [InlineData("10.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7", true)]
    [InlineData("10.0.0.1", "203.0.113.9, 198.51.100.7, 10.0.0.3", "198.51.100.7", true)]
    [InlineData("10.0.0.1", "203.0.113.9,198.51.100.7:4711,[2001:db8:1::5]:80", "198.51.100.7", true)]
    [InlineData("10.0.0.1", "[2001:db8::9]:4711", "2001:db8::9", true)]
    [InlineData("10.0.0.1", "2001:db8::9", "2001:db8::9", true)]
    [InlineData("10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7", true)]
    [InlineData("10.0.0.1", "fe80::1%eth0", "fe80::1", true)]
    [InlineData("2001:db8:1::1", "198.51.100.7", "198.51.100.7", true)]
    // a health check by the proxy itself
    [InlineData("10.0.0.1", "10.0.0.1", "10.0.0.1", false)]
    [InlineData("10.0.0.1", "", "10.0.0.1", false)]
    [InlineData("10.0.0.1", "10.0.0.7, 10.0.0.3", "10.0.0.7", true)]
    // the peer is nobody's proxy: the header is its own claim
    [InlineData("198.51.100.7", "203.0.113.9", "198.51.100.7", false)]
    [InlineData("198.51.100.7", "203.0.113.9, 10.0.0.3", "198.51.100.7", false)]
    [InlineData("198.51.100.7", "not an address", "198.51.100.7", false)]
    public void The_client_is_the_rightmost_hop_that_is_not_trusted(string peer, string header, string client, bool forwarded)
    {
        _behind.TryResolve(ClientAddress.Parse(peer), Encoding.UTF8.GetBytes(header), out var actual, out var actualForwarded).ShouldBeTrue();
        actual.ToString().ShouldBe(client);
        actualForwarded.ShouldBe(forwarded);
    }

    [Theory]
    // Attack: junk right of the victim's address, so that a reader skips the junk and blames the victim.
    [InlineData("203.0.113.9, junk", "10.0.0.1")]
    [InlineData("203.0.113.9, junk, 10.0.0.3", "10.0.0.3")]
    [InlineData("203.0.113.9,", "10.0.0.1")]
    [InlineData("203.0.113.9, ,", "10.0.0.1")]
    [InlineData("203.0.113.9, unknown", "10.0.0.1")]
    [InlineData("203.0.113.9, _hidden", "10.0.0.1")]
    [InlineData("203.0.113.9, 010.0.0.3", "10.0.0.1")]
    [InlineData("203.0.113.9, 198.51.100.7:port", "10.0.0.1")]
    [InlineData("203.0.113.9, [198.51.100.7]", "10.0.0.1")]
    [InlineData("203.0.113.9, [2001:db8::9]x", "10.0.0.1")]
    [InlineData("203.0.113.9, 0.0.0.0", "10.0.0.1")]
    [InlineData("203.0.113.9, \"198.51.100.7\"", "10.0.0.1")]
    [InlineData("203.0.113.9\t198.51.100.7", "10.0.0.1")]
    [InlineData("for=203.0.113.9", "10.0.0.1")]
    public void Behind_junk_the_request_stays_with_the_proxy(string header, string client)
    {
        _behind.TryResolve(ClientAddress.Parse("10.0.0.1"), Encoding.UTF8.GetBytes(header), out var actual, out _).ShouldBeTrue();
        actual.ToString().ShouldBe(client);
    }

    [Fact]
    public void Without_trusted_proxies_the_header_counts_for_nothing()
    {
        ClientResolver.Direct.TryResolve(ClientAddress.Parse("198.51.100.7"), "203.0.113.9"u8, out var client, out var forwarded).ShouldBeTrue();
        client.ToString().ShouldBe("198.51.100.7");
        forwarded.ShouldBeFalse();
    }

    [Theory]
    [InlineData("198.51.100.7", "198.51.100.7", false)]
    [InlineData("2001:db8::9", "2001:db8::9", false)]
    [InlineData("198.51.100.7:55", "198.51.100.7", true)]
    [InlineData("203.0.113.9, 198.51.100.7", "198.51.100.7", true)]
    [InlineData("203.0.113.9, 198.51.100.7, 10.0.0.3", "198.51.100.7", true)]
    [InlineData("203.0.113.9, junk", null, false)]
    [InlineData("203.0.113.9 x", null, false)]
    [InlineData("-", null, false)]
    [InlineData("", null, false)]
    public void Without_a_peer_the_column_is_all_there_is(string column, string? client, bool forwarded)
    {
        _behind.TryResolve(ClientAddress.None, Encoding.UTF8.GetBytes(column), out var actual, out var actualForwarded).ShouldBe(client is not null);
        if (client is not null)
        {
            actual.ToString().ShouldBe(client);
            actualForwarded.ShouldBe(forwarded);
        }
    }
}
