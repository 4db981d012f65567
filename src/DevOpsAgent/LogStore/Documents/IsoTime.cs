namespace DevOpsAgent.LogStore.Documents;

/// <summary><c>2026-11-21T06:00:09.961861946Z</c> as milliseconds, nanoseconds below, digits and offset, so that the text can be written again byte for byte.</summary>
internal static class IsoTime
{
    /// <summary>Only the one form that Traefik and Elasticsearch write: date, T, time to the second, an optional fraction, Z or ±hh:mm.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long millis, out int nanos, out int digits, out int offset)
    {
        millis = 0;
        nanos = 0;
        digits = 0;
        offset = ShapeStep.Utc;
        if (text.Length < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':'
            || !Two(text, 0, out var century) || !Two(text, 2, out var year) || !Two(text, 5, out var month) || !Two(text, 8, out var day)
            || !Two(text, 11, out var hour) || !Two(text, 14, out var minute) || !Two(text, 17, out var second))
        {
            return false;
        }

        year += century * 100;
        if (month is 0 or > 12 || day == 0 || hour > 23 || minute > 59 || second > 59 || day > Logs.Query.CivilTime.DaysInMonth(year, month))
        {
            return false;
        }

        var at = 19;
        var fraction = 0;
        if (text[at] == '.')
        {
            at++;
            while (at < text.Length && (uint)(text[at] - '0') <= 9 && digits < 9)
            {
                fraction = (fraction * 10) + text[at++] - '0';
                digits++;
            }

            if (digits == 0)
            {
                return false;
            }

            for (var i = digits; i < 9; i++)
            {
                fraction *= 10;
            }
        }

        var rest = text[at..];
        var minutes = 0;
        if (rest.Length == 6 && rest[0] is (byte)'+' or (byte)'-' && rest[3] == ':' && Two(rest, 1, out var hours) && Two(rest, 4, out minutes) && hours <= 14 && minutes < 60)
        {
            minutes = (rest[0] == '-' ? -1 : 1) * ((hours * 60) + minutes);
            offset = minutes;
            if (rest[0] == '-' && minutes == 0)
            {
                return false;
            }
        }
        else if (rest.Length != 1 || rest[0] != 'Z')
        {
            return false;
        }

        millis = (Logs.Query.CivilTime.Days(year, month, day) * Logs.Query.CivilTime.DayMillis) + ((((hour * 60L) + minute - minutes) * 60 + second) * 1000) + (fraction / 1_000_000);
        nanos = fraction % 1_000_000;
        return true;
    }

    /// <summary>The text that <see cref="TryParse"/> read.</summary>
    /// <param name="target">36 bytes at least.</param>
    public static int Write(Span<byte> target, long millis, int nanos, int digits, int offset)
    {
        var local = millis + (offset == ShapeStep.Utc ? 0 : offset * 60_000L);
        var days = Logs.Query.CivilTime.FloorDiv(local, Logs.Query.CivilTime.DayMillis);
        var time = (int)(local - (days * Logs.Query.CivilTime.DayMillis));
        var (year, month, day) = Logs.Query.CivilTime.Date(days);
        Put(target, 0, (int)year, 4);
        Put(target, 5, month, 2);
        Put(target, 8, day, 2);
        Put(target, 11, time / 3_600_000, 2);
        Put(target, 14, time / 60_000 % 60, 2);
        Put(target, 17, time / 1000 % 60, 2);
        target[4] = target[7] = (byte)'-';
        target[10] = (byte)'T';
        target[13] = target[16] = (byte)':';
        var at = 19;
        if (digits > 0)
        {
            target[at++] = (byte)'.';
            var fraction = (time % 1000 * 1_000_000) + nanos;
            for (var i = digits; i < 9; i++)
            {
                fraction /= 10;
            }

            Put(target, at, fraction, digits);
            at += digits;
        }

        if (offset == ShapeStep.Utc)
        {
            target[at++] = (byte)'Z';
            return at;
        }

        target[at++] = (byte)(offset < 0 ? '-' : '+');
        Put(target, at, Math.Abs(offset) / 60, 2);
        target[at + 2] = (byte)':';
        Put(target, at + 3, Math.Abs(offset) % 60, 2);
        return at + 5;
    }

    private static bool Two(ReadOnlySpan<byte> text, int at, out int number)
    {
        var tens = text[at] - '0';
        var ones = text[at + 1] - '0';
        number = (tens * 10) + ones;
        return (uint)tens <= 9 && (uint)ones <= 9;
    }

    private static void Put(Span<byte> target, int at, int number, int digits)
    {
        for (var i = at + digits - 1; i >= at; i--)
        {
            target[i] = (byte)('0' + (number % 10));
            number /= 10;
        }
    }
}
