namespace DevOpsAgent.Logs;

/// <summary>Reads the two forms of time in Traefik's access log into UTC ticks (100 ns). Never throws.</summary>
internal static class TimeText
{
    /// <summary>A time outside these years is a broken clock or a broken line: it would open windows that never close.</summary>
    public const int FirstYear = 1990;

    /// <inheritdoc cref="FirstYear"/>
    public const int LastYear = 2200;

    /// <summary>Length of <c>21/Nov/2026:07:36:04 +0000</c>.</summary>
    public const int ClfLength = 26;

    private static ReadOnlySpan<byte> DaysBefore => [0, 31, 59, 90, 120, 151, 181, 212, 243, 0, 0, 0];

    /// <summary>RFC 3339: <c>2026-11-21T07:36:24.957335424Z</c>, 0 to 9 fraction digits, Z or an offset; digits beyond 100 ns are cut.</summary>
    public static bool TryRfc3339(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text.Length is < 20 or > 35
            || text[4] != '-' || text[7] != '-' || (text[10] | 0x20) is not ('t' or ' ') || text[13] != ':' || text[16] != ':')
        {
            return false;
        }

        var whole = Ticks(
            Two(text, 0) * 100 + Two(text, 2), Two(text, 5), Two(text, 8), Two(text, 11), Two(text, 14), Two(text, 17));
        if (whole < 0)
        {
            return false;
        }

        var position = 19;
        if (text[position] == '.')
        {
            var unit = TimeSpan.TicksPerSecond;
            var start = ++position;
            while (position < text.Length && (uint)(text[position] - '0') <= 9)
            {
                unit /= 10;
                whole += (text[position] - '0') * unit;
                position++;
            }

            if (position == start || position - start > 9)
            {
                return false;
            }
        }

        if (!TryOffset(text[position..], colon: true, out var offset))
        {
            return false;
        }

        ticks = whole - offset;
        return true;
    }

    /// <summary>The time of the common log format: <c>21/Nov/2026:07:36:04 +0000</c>.</summary>
    public static bool TryClf(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text.Length != ClfLength
            || text[2] != '/' || text[6] != '/' || text[11] != ':' || text[14] != ':' || text[17] != ':' || text[20] != ' ')
        {
            return false;
        }

        var whole = Ticks(
            Two(text, 7) * 100 + Two(text, 9), Month(text.Slice(3, 3)), Two(text, 0), Two(text, 12), Two(text, 15), Two(text, 18));
        if (whole < 0 || !TryOffset(text[21..], colon: false, out var offset))
        {
            return false;
        }

        ticks = whole - offset;
        return true;
    }

    // Two digits; a hundred thousand below zero where there are none, so that every range check fails.
    private static int Two(ReadOnlySpan<byte> text, int at)
    {
        uint tens = (uint)(text[at] - '0'), ones = (uint)(text[at + 1] - '0');
        return tens > 9 || ones > 9 ? -100_000 : (int)(tens * 10 + ones);
    }

    private static long Ticks(int year, int month, int day, int hour, int minute, int second)
    {
        if (year is < FirstYear or > LastYear || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)
            || (uint)hour > 23 || (uint)minute > 59 || (uint)second > 59)
        {
            return -1;
        }

        var before = year - 1;
        var days = before * 365 + before / 4 - before / 100 + before / 400 + day - 1;
        days += month <= 9 ? DaysBefore[month - 1] : month == 10 ? 273 : month == 11 ? 304 : 334;
        if (month > 2 && DateTime.IsLeapYear(year))
        {
            days++;
        }

        return days * TimeSpan.TicksPerDay + (hour * 3600 + minute * 60 + second) * TimeSpan.TicksPerSecond;
    }

    // "Z", "+02:00" (RFC 3339) or "+0200" (CLF).
    private static bool TryOffset(ReadOnlySpan<byte> text, bool colon, out long ticks)
    {
        ticks = 0;
        if (colon && text.Length == 1)
        {
            return (text[0] | 0x20) == 'z';
        }

        if (text.Length != (colon ? 6 : 5) || text[0] is not ((byte)'+' or (byte)'-') || (colon && text[3] != ':'))
        {
            return false;
        }

        int hours = Two(text, 1), minutes = Two(text, colon ? 4 : 3);
        if ((uint)hours > 23 || (uint)minutes > 59)
        {
            return false;
        }

        ticks = (hours * 60 + minutes) * TimeSpan.TicksPerMinute;
        ticks = text[0] == '-' ? -ticks : ticks;
        return true;
    }

    private static int Month(ReadOnlySpan<byte> name) => ((name[0] | 0x20) << 16 | (name[1] | 0x20) << 8 | (name[2] | 0x20)) switch
    {
        'j' << 16 | 'a' << 8 | 'n' => 1,
        'f' << 16 | 'e' << 8 | 'b' => 2,
        'm' << 16 | 'a' << 8 | 'r' => 3,
        'a' << 16 | 'p' << 8 | 'r' => 4,
        'm' << 16 | 'a' << 8 | 'y' => 5,
        'j' << 16 | 'u' << 8 | 'n' => 6,
        'j' << 16 | 'u' << 8 | 'l' => 7,
        'a' << 16 | 'u' << 8 | 'g' => 8,
        's' << 16 | 'e' << 8 | 'p' => 9,
        'o' << 16 | 'c' << 8 | 't' => 10,
        'n' << 16 | 'o' << 8 | 'v' => 11,
        'd' << 16 | 'e' << 8 | 'c' => 12,
        _ => 0,
    };
}
