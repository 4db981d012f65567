using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace DevOpsAgent.Addresses;

/// <summary>
/// An IPv4 or IPv6 address as 128 bits, high half first. IPv4 lives in ::ffff:0:0/96, so an IPv4-mapped IPv6 address
/// and its IPv4 form are one value. A zone (<c>%eth0</c>) is dropped: a block can't name one.
/// </summary>
internal readonly record struct ClientAddress(ulong High, ulong Low) : IComparable<ClientAddress>
{
    private const ulong MappedPrefix = 0x0000_FFFF_0000_0000;

    /// <summary>The all-zero value: no address.</summary>
    public static ClientAddress None => default;

    public bool IsNone => High == 0 && Low == 0;

    public bool IsIPv4 => High == 0 && Low >> 32 == 0xFFFF;

    /// <summary>Address length in bits: 32 for IPv4, 128 for IPv6.</summary>
    public int Bits => IsIPv4 ? 32 : 128;

    public static ClientAddress FromIPv4(uint value) => new(0, MappedPrefix | value);

    public static ClientAddress From(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var written);
        return written == 4
            ? FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(bytes))
            : new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
    }

    /// <summary>Reads a bare address: no port, no brackets. Never throws. The unspecified address (::, 0.0.0.0) is refused.</summary>
    public static bool TryParse(ReadOnlySpan<byte> utf8, out ClientAddress address)
    {
        address = default;
        if (utf8.Length is < 2 or > 64)
        {
            return false;
        }

        if (TryParseIPv4(utf8, out var v4))
        {
            address = FromIPv4(v4);
            return v4 != 0;
        }

        var zone = utf8.IndexOf((byte)'%');
        if (zone >= 0)
        {
            utf8 = utf8[..zone];
        }

        if (!IPv6Text.TryParse(utf8, out var high, out var low))
        {
            return false;
        }

        address = new(high, low);
        return !address.IsNone;
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{byte}, out ClientAddress)"/>
    public static bool TryParse(string? text, out ClientAddress address)
    {
        address = default;
        if (text is null || text.Length > 64)
        {
            return false;
        }

        Span<byte> utf8 = stackalloc byte[256];
        return System.Text.Encoding.UTF8.TryGetBytes(text, utf8, out var length) && TryParse(utf8[..length], out address);
    }

    public static ClientAddress Parse(string text) =>
        TryParse(text, out var address) ? address : throw new FormatException($"'{text}' is not an IP address.");

    /// <summary>The first <paramref name="prefixLength"/> bits (counted within the family), the rest zero.</summary>
    public ClientAddress Prefix(int prefixLength)
    {
        var bits = IsIPv4 ? prefixLength + 96 : prefixLength;
        return bits switch
        {
            <= 0 => new(0, 0),
            < 64 => new(High & (ulong.MaxValue << (64 - bits)), 0),
            64 => new(High, 0),
            < 128 => new(High, Low & (ulong.MaxValue << (128 - bits))),
            _ => this,
        };
    }

    public int CompareTo(ClientAddress other)
    {
        var high = High.CompareTo(other.High);
        return high != 0 ? high : Low.CompareTo(other.Low);
    }

    public static bool operator <(ClientAddress left, ClientAddress right) => left.CompareTo(right) < 0;
    public static bool operator >(ClientAddress left, ClientAddress right) => left.CompareTo(right) > 0;
    public static bool operator <=(ClientAddress left, ClientAddress right) => left.CompareTo(right) <= 0;
    public static bool operator >=(ClientAddress left, ClientAddress right) => left.CompareTo(right) >= 0;

    public IPAddress ToIPAddress()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Low);
        return IsIPv4 ? new IPAddress(bytes[12..]) : new IPAddress(bytes);
    }

    /// <summary>RFC 5952 text; an IPv4-mapped address as plain IPv4.</summary>
    public override string ToString() => ToIPAddress().ToString();

    public AddressFamily Family => IsIPv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;

    internal static bool TryParseIPv4(ReadOnlySpan<byte> utf8, out uint value)
    {
        value = 0;
        if (utf8.Length is < 7 or > 15)
        {
            return false;
        }

        uint octet = 0;
        int digits = 0, dots = 0;
        foreach (var b in utf8)
        {
            if ((uint)(b - '0') <= 9)
            {
                // "010" means 8 to some readers and 10 to others: a leading zero is refused.
                if (digits > 0 && octet == 0)
                {
                    return false;
                }

                octet = octet * 10 + (uint)(b - '0');
                if (++digits > 3 || octet > 255)
                {
                    return false;
                }
            }
            else if (b == '.' && digits > 0 && dots < 3)
            {
                value = value << 8 | octet;
                octet = 0;
                digits = 0;
                dots++;
            }
            else
            {
                return false;
            }
        }

        value = value << 8 | octet;
        return dots == 3 && digits > 0;
    }
}
