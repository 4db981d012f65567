using DevOpsAgent.Addresses;

namespace DevOpsAgent.Guards;

/// <summary>
/// Ranges that no client on the public Internet has, from IANA's IPv4 and IPv6 special-purpose registries. A log line with
/// such a client means a balancer, a neighbour or a forged header: denying it would hit our own side. The documentation
/// ranges (192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24, 2001:db8::/32) are left out on purpose: nobody has them, and
/// demonstrations and recordings use them as attackers.
/// </summary>
internal static class SpecialUse
{
    private static readonly (AddressRange Range, string Name)[] Table =
    [
        Row("0.0.0.0/8", "this network"),
        Row("10.0.0.0/8", "private"),
        Row("100.64.0.0/10", "carrier-grade NAT"),
        Row("127.0.0.0/8", "loopback"),
        Row("169.254.0.0/16", "link-local"),
        Row("172.16.0.0/12", "private"),
        Row("192.0.0.0/24", "IETF protocols"),
        Row("192.168.0.0/16", "private"),
        Row("198.18.0.0/15", "benchmarking"),
        Row("224.0.0.0/4", "multicast"),
        Row("240.0.0.0/4", "reserved and broadcast"),
        Row("::/127", "unspecified and loopback"),
        Row("64:ff9b::/96", "NAT64"),
        Row("64:ff9b:1::/48", "local NAT64"),
        Row("100::/64", "discard"),
        Row("2001::/23", "IETF protocols"),
        Row("5f00::/16", "segment routing"),
        Row("fc00::/7", "private"),
        Row("fe80::/10", "link-local"),
        Row("ff00::/8", "multicast"),
    ];

    /// <summary>What kind of non-public address the range touches; null for a public one.</summary>
    public static string? Of(AddressRange range)
    {
        foreach (var (special, name) in Table)
        {
            if (special.Overlaps(range))
            {
                return $"{name}, {special}";
            }
        }

        return null;
    }

    private static (AddressRange, string) Row(string range, string name) => (AddressRange.Parse(range), name);
}
