using System.Net;
using System.Text;
using DevOpsAgent.Addresses;

namespace DevOpsAgent.Tests.Addresses;

public sealed class IPv6TextTests
{
    [Theory]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("1::")]
    [InlineData("2001:DB8::9")]
    [InlineData("1:2:3:4:5:6:7:8")]
    [InlineData("1:2:3:4:5:6:7::")]
    [InlineData("::2:3:4:5:6:7:8")]
    [InlineData("::ffff:198.51.100.9")]
    [InlineData("64:ff9b::198.51.100.9")]
    [InlineData("1:2:3:4:5:6:198.51.100.9")]
    public void Read_as_the_platform_reads_them(string text)
    {
        IPv6Text.TryParse(Encoding.UTF8.GetBytes(text), out var high, out var low).ShouldBeTrue();
        new ClientAddress(high, low).ShouldBe(ClientAddress.From(IPAddress.Parse(text)));
    }

    [Theory]
    [InlineData("")]
    [InlineData(":")]
    [InlineData(":::")]
    [InlineData(":1")]
    [InlineData("1:")]
    [InlineData("1:2")]
    [InlineData("1::2::3")]
    [InlineData("1:2:3:4:5:6:7:8:9")]
    [InlineData("1:2:3:4:5:6:7:8::")]
    [InlineData("1:2:3:4:5:6:7:198.51.100.9")]
    [InlineData("198.51.100.9::")]
    [InlineData("::198.51.100")]
    [InlineData("::198.51.100.9:1")]
    [InlineData("12345::")]
    [InlineData("g::")]
    [InlineData("1::%eth0")]
    [InlineData("[::1]")]
    [InlineData("::1/64")]
    public void Refused(string text) => IPv6Text.TryParse(Encoding.UTF8.GetBytes(text), out _, out _).ShouldBeFalse();

    [Fact]
    public void Any_address_survives_the_platforms_text()
    {
        var random = new Random(4);
        for (var i = 0; i < 20_000; i++)
        {
            // Many zero groups, for the "::" in all places.
            var bytes = new byte[16];
            random.NextBytes(bytes);
            for (var group = 0; group < 8; group++)
            {
                if (random.Next(2) == 0)
                {
                    bytes.AsSpan(group * 2, 2).Clear();
                }
            }

            var address = new IPAddress(bytes);
            IPv6Text.TryParse(Encoding.UTF8.GetBytes(address.ToString()), out var high, out var low).ShouldBeTrue(address.ToString());
            new ClientAddress(high, low).ShouldBe(ClientAddress.From(address));
        }
    }
}
