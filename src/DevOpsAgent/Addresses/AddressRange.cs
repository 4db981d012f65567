using System.Globalization;

namespace DevOpsAgent.Addresses;

/// <summary>
/// A CIDR range. The host bits are zero. A single address is a /32 or /128. An IPv4 prefix length counts 0 to 32.
/// </summary>
internal readonly record struct AddressRange : IComparable<AddressRange>
{
    public AddressRange(ClientAddress address, int prefixLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(prefixLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(prefixLength, address.Bits);
        IsIPv4 = address.IsIPv4;
        Address = address.Prefix(prefixLength);
        PrefixLength = prefixLength;
    }

    public ClientAddress Address { get; }

    public int PrefixLength { get; }

    public bool IsIPv4 { get; }

    public bool IsSingle => PrefixLength == (IsIPv4 ? 32 : 128);

    public static AddressRange Single(ClientAddress address) => new(address, address.Bits);

    /// <summary>Reads "address" or "address/length". Host bits are cleared. Never throws.</summary>
    public static bool TryParse(string? text, out AddressRange range)
    {
        range = default;
        if (string.IsNullOrWhiteSpace(text))
        {
            return false;
        }

        text = text.Trim();
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (!ClientAddress.TryParse(slash < 0 ? text : text[..slash], out var address))
        {
            // 0.0.0.0/0 and ::/0 are ranges although their address alone is none.
            var zero = slash > 0 && int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out _);
            if (!zero || text[..slash] is not ("0.0.0.0" or "::"))
            {
                return false;
            }

            address = text[0] == ':' ? new ClientAddress(0, 0) : ClientAddress.FromIPv4(0);
        }

        var length = address.Bits;
        if (slash >= 0 && (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out length) || length > address.Bits))
        {
            return false;
        }

        range = new(address, length);
        return true;
    }

    public static AddressRange Parse(string text) =>
        TryParse(text, out var range) ? range : throw new FormatException($"'{text}' is not an IP address or CIDR range.");

    public bool Contains(ClientAddress address) =>
        address.IsIPv4 == IsIPv4 && address.Prefix(PrefixLength) == Address.Prefix(PrefixLength);

    public bool Contains(AddressRange other) =>
        other.IsIPv4 == IsIPv4 && other.PrefixLength >= PrefixLength && other.Address.Prefix(PrefixLength) == Address;

    public bool Overlaps(AddressRange other) => Contains(other) || other.Contains(this);

    public int CompareTo(AddressRange other)
    {
        var address = Address.CompareTo(other.Address);
        return address != 0 ? address : PrefixLength.CompareTo(other.PrefixLength);
    }

    public static bool operator <(AddressRange left, AddressRange right) => left.CompareTo(right) < 0;
    public static bool operator >(AddressRange left, AddressRange right) => left.CompareTo(right) > 0;
    public static bool operator <=(AddressRange left, AddressRange right) => left.CompareTo(right) <= 0;
    public static bool operator >=(AddressRange left, AddressRange right) => left.CompareTo(right) >= 0;

    /// <summary>"203.0.113.7" for a single address, else "203.0.113.0/24".</summary>
    public override string ToString() => IsSingle ? Address.ToString() : $"{Address}/{PrefixLength}";

    /// <summary>Always with the prefix length: "203.0.113.7/32".</summary>
    public string ToCidr() => IsSingle ? $"{this}/{PrefixLength}" : ToString();
}
