namespace DevOpsAgent.Logs.Query;

/// <summary><c>strict_date_optional_time</c>: <c>2026[-11[-21[T06[:00[:05[.123456789]]][zone]]]]</c>.</summary>
internal static class IsoDate
{
    public static bool TryParse(ReadOnlySpan<char> text, out DateParts parts)
    {
        parts = DateParts.Empty;
        var negative = text.Length > 0 && text[0] == '-';
        if (text.Length > 0 && text[0] is '-' or '+')
        {
            text = text[1..];
        }

        if (!TryDigits(ref text, 4, out var year))
        {
            return false;
        }

        parts.Year = negative ? -year : year;
        if (text.IsEmpty)
        {
            return true;
        }

        if (!TryAfter(ref text, '-', out parts.Month) || parts.Month is < 1 or > 12)
        {
            return false;
        }

        if (text.IsEmpty)
        {
            return true;
        }

        if (!TryAfter(ref text, '-', out parts.Day) || parts.Day < 1 || parts.Day > CivilTime.DaysInMonth(parts.Year, parts.Month))
        {
            return false;
        }

        if (text.IsEmpty)
        {
            return true;
        }

        if (text[0] != 'T')
        {
            return false;
        }

        text = text[1..];
        return text.IsEmpty || (TryTime(ref text, ref parts) && (text.IsEmpty || TryZone(text, ref parts)));
    }

    private static bool TryTime(ref ReadOnlySpan<char> text, ref DateParts parts)
    {
        if (!TryDigits(ref text, 2, out parts.Hour) || parts.Hour > 23)
        {
            return false;
        }

        if (text.IsEmpty || text[0] != ':')
        {
            return true;
        }

        if (!TryAfter(ref text, ':', out parts.Minute) || parts.Minute > 59)
        {
            return false;
        }

        if (text.IsEmpty || text[0] != ':')
        {
            return true;
        }

        if (!TryAfter(ref text, ':', out parts.Second) || parts.Second > 59)
        {
            return false;
        }

        return text.IsEmpty || text[0] is not ('.' or ',') || TryFraction(ref text, out parts.Nano);
    }

    public static bool TryFraction(ref ReadOnlySpan<char> text, out int nano)
    {
        nano = 0;
        var digits = 1;
        for (; digits < text.Length && char.IsAsciiDigit(text[digits]); digits++)
        {
            if (digits > 9)
            {
                return false;
            }

            nano = (nano * 10) + text[digits] - '0';
        }

        for (var i = digits; i <= 9; i++)
        {
            nano *= 10;
        }

        var any = digits > 1;
        text = text[digits..];
        return any;
    }

    public static bool TryZone(ReadOnlySpan<char> text, ref DateParts parts)
    {
        if (TimeZones.TryOffset(text, out var minutes))
        {
            // "+2" is a zone of date math's time_zone, not of a date.
            parts.Offset = minutes;
            return text.Length != 2;
        }

        return false;
    }

    public static bool TryDigits(ref ReadOnlySpan<char> text, int count, out int number)
    {
        number = 0;
        if (text.Length < count)
        {
            return false;
        }

        for (var i = 0; i < count; i++)
        {
            if (!char.IsAsciiDigit(text[i]))
            {
                return false;
            }

            number = (number * 10) + text[i] - '0';
        }

        text = text[count..];
        return true;
    }

    private static bool TryAfter(ref ReadOnlySpan<char> text, char mark, out int number)
    {
        number = 0;
        if (text.Length < 3 || text[0] != mark)
        {
            return false;
        }

        text = text[1..];
        return TryDigits(ref text, 2, out number);
    }
}
