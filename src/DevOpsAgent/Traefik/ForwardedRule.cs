using System.Text;
using DevOpsAgent.Addresses;

namespace DevOpsAgent.Traefik;

/// <summary>
/// A ForwardedRule is Traefik's v3 rule for clients behind a balancer: ClientIP only ever sees the balancer, so the last entry of
/// X-Forwarded-For is matched, which the balancer itself wrote. What a client puts there stands further left and counts for
/// nothing: nobody can free himself or have somebody else denied. From a peer that Traefik doesn't trust it removes the header.
/// <para>
/// Limits: one proxy before Traefik (the last entry of two is the inner proxy); IPv6 as the balancer writes it only in canonical
/// text, and only ranges of at most 256 addresses.
/// </para>
/// </summary>
internal static class ForwardedRule
{
    /// <summary>Tried with a real Traefik: a request of somebody not listed costs 1.27 times as much.</summary>
    public const int MaxRanges = 10_000;

    private const int MinIPv6Prefix = 120;
    private const string Any = "[0-9]{1,3}";

    // Some balancers write the port too: 203.0.113.9:4711, [2001:db8::9]:4711.
    private const string Port = "(?::[0-9]{1,5})?";

    /// <summary>False: text can't say it.</summary>
    public static bool Covers(AddressRange range) => range.IsIPv4 || range.PrefixLength >= MinIPv6Prefix;

    /// <summary>The rule, or empty where nothing is left to be denied. Ranges: disjoint.</summary>
    public static string Text(IReadOnlyList<AddressRange> ranges, IReadOnlyList<AddressRange> carveOuts)
    {
        var denied = ranges.Where(r => Covers(r) && !carveOuts.Any(c => c.Contains(r))).Order().ToArray();
        if (denied.Length == 0)
        {
            return "";
        }

        var open = carveOuts.Where(c => denied.Any(r => r.Contains(c))).Distinct().Order().ToArray();
        return Term(denied) + (open.Length == 0 ? "" : " && !" + Term(open));
    }

    // HeaderRegexp(`X-Forwarded-For`, `(?:^|,\s*)(?:(?:203\.0\.113\.(?:7|9))(?::[0-9]{1,5})?)$`)
    // Non-capturing groups only, factored by octet: with capturing ones 10,000 addresses made Traefik reserve gigabytes.
    private static string Term(AddressRange[] ranges)
    {
        var ipv4 = Array.FindAll(ranges, static r => r.IsIPv4);
        var ipv6 = ranges.Where(static r => !r.IsIPv4).SelectMany(Expand).Distinct().Select(static a => a.ToString()).ToArray();
        string[] forms =
        [
            .. ipv4.Length == 0 ? (string[])[] : ["(?:::ffff:)?" + Octets(ipv4, 0) + Port],
            .. ipv6.Length == 0 ? (string[])[] : [$@"\[?(?:{string.Join('|', ipv6)})(?:\]{Port})?"],
        ];
        return $@"HeaderRegexp(`X-Forwarded-For`, `(?:^|,\s*)(?:{string.Join('|', forms)})$`)";
    }

    private static string Octets(ReadOnlySpan<AddressRange> group, int octet)
    {
        var alternatives = new List<string>();
        while (!group.IsEmpty)
        {
            var value = Octet(group[0], octet);
            var free = 8 * (octet + 1) - group[0].PrefixLength;
            if (free >= 0)
            {
                // The range ends within this octet: 2^free values of it, and all that may follow.
                var values = string.Join('|', Enumerable.Range(value, 1 << free));
                alternatives.Add((free == 0 ? values : $"(?:{values})") + string.Concat(Enumerable.Repeat(@"\." + Any, 3 - octet)));
                group = group[1..];
                continue;
            }

            var count = 1;
            while (count < group.Length && Octet(group[count], octet) == value)
            {
                count++;
            }

            alternatives.Add($@"{value}\.{Octets(group[..count], octet + 1)}");
            group = group[count..];
        }

        return $"(?:{string.Join('|', alternatives)})";
    }

    private static int Octet(AddressRange range, int octet) => (int)(range.Address.Low >> (24 - 8 * octet)) & 0xFF;

    private static IEnumerable<ClientAddress> Expand(AddressRange range) =>
        Enumerable.Range(0, 1 << (128 - range.PrefixLength)).Select(i => new ClientAddress(range.Address.High, range.Address.Low + (ulong)i));
}
