namespace DevOpsAgent.Addresses;

/// <summary>Reads the text of an IPv6 address (RFC 4291, section 2.2) without allocating: it stands on the path of every log line.</summary>
internal static class IPv6Text
{
    /// <summary>A bare address: no brackets, zone, port or prefix length. IPv4 in the last 32 bits is read too. Never throws.</summary>
    public static bool TryParse(ReadOnlySpan<byte> utf8, out ulong high, out ulong low)
    {
        high = low = 0;
        if (utf8.Length is < 2 or > 45)
        {
            return false;
        }

        Span<ushort> groups = stackalloc ushort[8];
        groups.Clear();
        int count = 0, gap = -1, position = 0;
        if (utf8[0] == ':')
        {
            if (utf8[1] != ':')
            {
                return false;
            }

            gap = 0;
            position = 2;
        }

        while (position < utf8.Length)
        {
            if (count == 8)
            {
                return false;
            }

            var start = position;
            uint value = 0;
            while (position < utf8.Length && HexValue(utf8[position]) is var digit and >= 0)
            {
                value = value << 4 | (uint)digit;
                position++;
                if (position - start > 4)
                {
                    return false;
                }
            }

            if (position == start)
            {
                return false;
            }

            if (position < utf8.Length && utf8[position] == '.')
            {
                // ::ffff:198.51.100.9
                if (count > 6 || !ClientAddress.TryParseIPv4(utf8[start..], out var v4))
                {
                    return false;
                }

                groups[count++] = (ushort)(v4 >> 16);
                groups[count++] = (ushort)v4;
                break;
            }

            groups[count++] = (ushort)value;
            if (position == utf8.Length)
            {
                break;
            }

            if (utf8[position] != ':' || ++position == utf8.Length)
            {
                return false;
            }

            if (utf8[position] == ':')
            {
                if (gap >= 0)
                {
                    return false;
                }

                gap = count;
                position++;
            }
        }

        if (gap < 0 ? count != 8 : count > 7)
        {
            return false;
        }

        if (gap >= 0)
        {
            var tail = count - gap;
            groups.Slice(gap, tail).CopyTo(groups[(8 - tail)..]);
            groups[gap..(8 - tail)].Clear();
        }

        for (var i = 0; i < 4; i++)
        {
            high = high << 16 | groups[i];
            low = low << 16 | groups[i + 4];
        }

        return true;
    }

    private static int HexValue(byte b) => b switch
    {
        >= (byte)'0' and <= (byte)'9' => b - '0',
        >= (byte)'a' and <= (byte)'f' => b - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => b - 'A' + 10,
        _ => -1,
    };
}
