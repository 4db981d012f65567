using DevOpsAgent.Addresses;

namespace DevOpsAgent.LogStore.Documents;

/// <summary>Addresses of ip fields: any spelling of IPv6, IPv4-mapped ones are IPv4; no zones, and the unspecified address is one.</summary>
internal static class IpText
{
    public static bool TryParse(ReadOnlySpan<byte> text, out ClientAddress address)
    {
        if (ClientAddress.TryParse(text, out address))
        {
            return text.IndexOf((byte)'%') < 0;
        }

        if (text.SequenceEqual("0.0.0.0"u8))
        {
            address = ClientAddress.FromIPv4(0);
            return true;
        }

        return text.Length is >= 2 and <= 39 && text.IndexOfAnyExcept("0:"u8) < 0 && IPv6Text.TryParse(text, out _, out _);
    }

    public static bool TryParse(string text, out ClientAddress address) => TryParse(System.Text.Encoding.UTF8.GetBytes(text), out address);

    /// <summary>First and last address of a CIDR block.</summary>
    public static bool TryParseBlock(string text, out ClientAddress first, out ClientAddress last)
    {
        last = default;
        first = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !TryParse(text[..slash], out var address) || !int.TryParse(text.AsSpan(slash + 1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var bits))
        {
            return false;
        }

        // ::ffff:203.0.113.0/120 counts its bits from the IPv6 start.
        var isMapped = address.IsIPv4 && text.Contains(':', StringComparison.Ordinal);
        if (bits > (address.IsIPv4 && !isMapped ? 32 : 128))
        {
            return false;
        }

        var length = isMapped || !address.IsIPv4 ? bits : bits + 96;
        (first, last) = Block(address, length);
        return true;
    }

    /// <param name="length">Bits of 128.</param>
    public static (ClientAddress First, ClientAddress Last) Block(ClientAddress address, int length)
    {
        var high = length >= 64 ? ulong.MaxValue : length == 0 ? 0 : ulong.MaxValue << (64 - length);
        var low = length >= 128 ? ulong.MaxValue : length <= 64 ? 0 : ulong.MaxValue << (128 - length);
        return (new(address.High & high, address.Low & low), new(address.High | ~high, address.Low | ~low));
    }

    public static ClientAddress Next(ClientAddress address) => address.Low == ulong.MaxValue ? new(address.High + 1, 0) : address with { Low = address.Low + 1 };

    public static ClientAddress Before(ClientAddress address) => address.Low == 0 ? new(address.High - 1, ulong.MaxValue) : address with { Low = address.Low - 1 };
}
