using DevOpsAgent.Addresses;

namespace DevOpsAgent.Logs;

/// <summary>
/// Finds the client of a request: the rightmost hop that is not a trusted proxy. Immutable; may be shared by threads.
/// <para>
/// What is defended: nobody may put the blame on another address. X-Forwarded-For is text that any client can send; each
/// proxy appends the address that it saw. So a hop is worth as much as the proxy that wrote it, and everything to the left
/// of the first hop that no trusted proxy vouches for is an attacker's free text. It is never used, not even as a fallback.
/// </para>
/// <para>
/// Not defended, because a line doesn't show it: a trusted proxy that passes X-Forwarded-For on without appending, and one
/// that adds a second header line (HAProxy's "option forwardfor"): Traefik logs the first line only, which is the client's
/// own. Such a proxy must remove the header that it receives.
/// </para>
/// </summary>
internal sealed class ClientResolver
{
    private readonly AddressRange[] _trusted;

    public ClientResolver(IEnumerable<AddressRange> trustedProxies) => _trusted = [.. trustedProxies];

    /// <summary>Believes no proxy: the client is the TCP peer.</summary>
    public static ClientResolver Direct { get; } = new([]);

    public bool HasTrustedProxies => _trusted.Length > 0;

    public bool IsTrusted(ClientAddress address)
    {
        foreach (ref readonly var range in _trusted.AsSpan())
        {
            if (range.Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// <paramref name="peer"/> is the TCP peer, None where the format doesn't have it (CLF: <paramref name="clientHost"/> is
    /// all there is). <paramref name="forwarded"/>: the client came out of X-Forwarded-For. False = no address.
    /// </summary>
    public bool TryResolve(ClientAddress peer, ReadOnlySpan<byte> clientHost, out ClientAddress client, out bool forwarded)
    {
        forwarded = false;
        client = peer;
        if (!peer.IsNone && (_trusted.Length == 0 || !IsTrusted(peer)))
        {
            // Traefik may accept the header from everybody (forwardedHeaders.insecure) and log "203.0.113.9" as ClientHost for
            // a client that merely said so. Without a trusted peer the header counts for nothing.
            return true;
        }

        // 203.0.113.9, 198.51.100.7, 10.0.0.3   read from the right
        var rest = clientHost;
        var hops = 0;
        while (true)
        {
            var comma = rest.LastIndexOf((byte)',');
            var hop = rest[(comma + 1)..].Trim((byte)' ');
            if (!TryReadHop(hop, out var address))
            {
                // Attack: "203.0.113.9, junk". What stands left of the junk was vouched for by nobody; taking it would let the
                // client choose whom to blame. The request stays with the proxy that passed it on, which is never blocked.
                break;
            }

            // An empty header is not a hop; ClientHost equal to the peer means that there was no header.
            forwarded = hops++ > 0 || comma >= 0 || (peer.IsNone ? hop.Length > 0 && !ClientAddress.TryParse(hop, out _) : address != peer);
            client = address;
            if (comma < 0 || !IsTrusted(address))
            {
                break;
            }

            rest = rest[..comma];
        }

        return !client.IsNone;
    }

    /// <summary>One entry of X-Forwarded-For, or ClientAddr: <c>203.0.113.9</c>, <c>203.0.113.9:55</c>, <c>2001:db8::9</c>, <c>[2001:db8::9]:4711</c>, <c>[fe80::1%eth0]:80</c>.</summary>
    public static bool TryReadHop(ReadOnlySpan<byte> text, out ClientAddress address)
    {
        address = default;
        if (text.Length is < 2 or > 80)
        {
            return false;
        }

        if (text[0] == '[')
        {
            var close = text.IndexOf((byte)']');
            return close > 0 && IsPort(text[(close + 1)..]) && text[1..close].Contains((byte)':') && ClientAddress.TryParse(text[1..close], out address);
        }

        var colon = text.LastIndexOf((byte)':');
        var single = colon >= 0 && text[..colon].IndexOf((byte)':') < 0;
        return single
            ? IsPort(text[colon..]) && ClientAddress.TryParse(text[..colon], out address)
            : ClientAddress.TryParse(text, out address);
    }

    // "" or ":4711"
    private static bool IsPort(ReadOnlySpan<byte> text) =>
        text.IsEmpty || (text.Length is >= 2 and <= 6 && text[0] == ':' && !text[1..].ContainsAnyExceptInRange((byte)'0', (byte)'9'));
}
