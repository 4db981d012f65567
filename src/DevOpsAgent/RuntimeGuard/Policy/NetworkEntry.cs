using System.Globalization;
using System.Net;
using DevOpsAgent.Addresses;

namespace DevOpsAgent.RuntimeGuard.Policy;

/// <summary>Addresses, ports (both ends included) and directions of one entry of allowed_network or blocked_network.</summary>
internal readonly record struct NetworkEntry(AddressRange Range, ushort FirstPort, ushort LastPort, NetworkDirection Direction)
{
    private static readonly AddressRange[] s_everywhere = [AddressRange.Parse("0.0.0.0/0"), AddressRange.Parse("::/0")];
    private static readonly AddressRange[] s_localhost = [AddressRange.Parse("127.0.0.1"), AddressRange.Parse("::1")];

    /// <summary>
    /// "10.0.0.0/8", "10.0.0.0/8:443", "127.0.0.1:19751", "[2001:db8::1]:443", "2001:db8::/32:8000-8999", "*:443", "localhost:53"; with
    /// "connect " or "listen " before it, one direction only. "0.0.0.0:9750" (the address, not the range /0) is what a service
    /// listens on: that port at any address of this machine. Never throws. False: the error follows the entry's text.
    /// </summary>
    public static bool TryParse(string text, List<NetworkEntry> entries, out string error)
    {
        var direction = NetworkDirection.Both;
        var rest = text.Trim();
        if (rest.StartsWith("connect ", StringComparison.Ordinal) || rest.StartsWith("listen ", StringComparison.Ordinal))
        {
            direction = rest[0] == 'c' ? NetworkDirection.Connect : NetworkDirection.Listen;
            rest = rest[(rest.IndexOf(' ', StringComparison.Ordinal) + 1)..].Trim();
        }

        error = "";
        if (!TrySplit(rest, out var host, out var ports) || !TryPorts(ports, out var first, out var last))
        {
            error = "must be an address or CIDR range, with a port or ports or without, such as 10.0.0.0/8, 10.0.0.0/8:443, [2001:db8::1]:8000-8999 or *:443, and may begin with 'connect ' or 'listen '";
            return false;
        }

        foreach (var range in Ranges(host, ref direction, out error))
        {
            entries.Add(new(range, first, last, direction));
        }

        return error.Length == 0;
    }

    /// <summary>The plain matcher.</summary>
    public bool Matches(ClientAddress address, ushort port, NetworkDirection direction) =>
        (Direction & direction) == direction && port >= FirstPort && port <= LastPort && Range.Contains(address);

    private static AddressRange[] Ranges(string host, ref NetworkDirection direction, out string error)
    {
        error = "";
        switch (host)
        {
            case "*":
                return s_everywhere;
            case "localhost":
                return s_localhost;
            case "0.0.0.0" or "::" when direction == NetworkDirection.Connect:
                error = $"{host} is no address to connect to; write {host}/0 for every address";
                return [];
            case "0.0.0.0" or "::":
                direction = NetworkDirection.Listen;
                return [AddressRange.Parse(host + "/0")];
        }

        if (AddressRange.TryParse(host, out var range))
        {
            return [range];
        }

        error = host.Any(char.IsAsciiLetter) && !host.Contains(':', StringComparison.Ordinal)
            ? "names a host; write its addresses: an answer of DNS must not decide what a process may reach"
            : $"has no address or CIDR range in '{host}'";
        return [];
    }

    private static bool TrySplit(string text, out string host, out string? ports)
    {
        (host, ports) = (text, null);
        if (text.Length is 0 or > 100)
        {
            return false;
        }

        if (text[0] == '[')
        {
            var close = text.IndexOf(']', StringComparison.Ordinal);
            host = close < 0 ? "" : text[1..close];
            ports = close >= 0 && close + 1 < text.Length ? text[(close + 1)..] : null;
            if (ports is not null && ports[0] != ':')
            {
                return false;
            }

            ports = ports?[1..];
            return host.Contains(':', StringComparison.Ordinal);
        }

        // 2001:db8::/32:443: what follows the slash has at most one colon, that of the port.
        var from = text.IndexOf('/', StringComparison.Ordinal);
        var colon = text.IndexOf(':', Math.Max(0, from));
        if (colon >= 0 && (from >= 0 || colon == text.LastIndexOf(':')))
        {
            (host, ports) = (text[..colon], text[(colon + 1)..]);
        }

        return host.Length > 0;
    }

    private static bool TryPorts(string? text, out ushort first, out ushort last)
    {
        (first, last) = (0, ushort.MaxValue);
        if (text is null or "*")
        {
            return true;
        }

        var dash = text.IndexOf('-', StringComparison.Ordinal);
        return ushort.TryParse(dash < 0 ? text : text[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out first)
            && ushort.TryParse(dash < 0 ? text : text[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out last)
            && first <= last;
    }
}
