namespace DevOpsAgent.Logs.Query;

/// <summary><c>now-15m</c>, <c>2026-11-21||-1d/d</c>: an anchor, then steps and roundings from left to right.</summary>
internal static class DateMath
{
    /// <param name="text">As written in the request.</param>
    /// <param name="format">Of the anchor.</param>
    /// <param name="roundUp">As for <c>lte</c> and <c>gt</c>: to the last millisecond of what is missing or rounded.</param>
    /// <param name="zone">Of the anchor and of the roundings.</param>
    /// <param name="now">UTC milliseconds.</param>
    /// <returns>UTC milliseconds.</returns>
    /// <exception cref="DslException">Neither a date nor date math.</exception>
    public static long Parse(string text, DateFormat format, bool roundUp, TimeZoneInfo zone, long now)
    {
        long millis;
        string math;
        if (text.StartsWith("now", StringComparison.Ordinal))
        {
            millis = now;
            math = text[3..];
        }
        else
        {
            var bar = text.IndexOf("||", StringComparison.Ordinal);
            if (bar < 0)
            {
                return format.Parse(text, roundUp, zone);
            }

            // With math behind it, the anchor itself isn't rounded up.
            millis = format.Parse(text[..bar], roundUp: false, zone);
            math = text[(bar + 2)..];
        }

        return Steps(text, math, millis, roundUp, zone);
    }

    private static long Steps(string text, string math, long millis, bool roundUp, TimeZoneInfo zone)
    {
        for (var i = 0; i < math.Length;)
        {
            var op = math[i++];
            if (op is not ('+' or '-' or '/'))
            {
                throw Bad($"operator not supported for date math [{math}]");
            }

            if (i >= math.Length)
            {
                throw Bad($"truncated date math [{math}]");
            }

            var start = i;
            while (i < math.Length && char.IsAsciiDigit(math[i]))
            {
                i++;
            }

            long count = 1;
            if (i > start && !(long.TryParse(math.AsSpan(start, i - start), out count) && count <= int.MaxValue))
            {
                throw Bad($"number too large in date math [{math}]");
            }

            if (i >= math.Length)
            {
                throw Bad($"truncated date math [{math}]");
            }

            if (op == '/' && count != 1)
            {
                throw Bad($"rounding `/` can only be used on single unit types [{math}]");
            }

            var unit = math[i++];
            millis = op == '/' ? Round(millis, unit, roundUp, zone, math) : Add(millis, op == '-' ? -count : count, unit, zone, math);
        }

        return Math.Abs(millis) < long.MaxValue / 4 ? millis : throw Bad($"out of range [{text}]");
    }

    private static DslException Bad(string reason) => new("parse_exception", reason) { OnShard = true };

    public static long Add(long millis, long count, char unit, TimeZoneInfo zone, string math) => unit switch
    {
        's' => millis + (count * 1000),
        'm' => millis + (count * 60_000),
        'h' or 'H' => millis + (count * 3_600_000),
        'd' => Local(millis, zone, l => l + (count * CivilTime.DayMillis)),
        'w' => Local(millis, zone, l => l + (count * 7 * CivilTime.DayMillis)),
        'M' => Local(millis, zone, l => AddMonths(l, count)),
        'y' => Local(millis, zone, l => AddMonths(l, count * 12)),
        _ => throw Bad($"unit [{unit}] not supported for date math [{math}]"),
    };

    private static long Round(long millis, char unit, bool roundUp, TimeZoneInfo zone, string math)
    {
        var floor = Floor(millis, unit, zone, math);
        return roundUp ? Add(floor, 1, unit, zone, math) - 1 : floor;
    }

    private static long Floor(long millis, char unit, TimeZoneInfo zone, string math) => unit switch
    {
        's' => CivilTime.FloorDiv(millis, 1000) * 1000,
        'm' => Local(millis, zone, static l => CivilTime.FloorDiv(l, 60_000) * 60_000),
        'h' or 'H' => Local(millis, zone, static l => CivilTime.FloorDiv(l, 3_600_000) * 3_600_000),
        'd' or 'w' or 'M' or 'y' => CivilTime.ToUtc(zone, FloorLocal(millis + CivilTime.Offset(zone, millis), unit)),
        _ => throw Bad($"unit [{unit}] not supported for date math [{math}]"),
    };

    /// <summary>Start of the calendar unit (d, w from Monday, M, q, y) that a local time lies in.</summary>
    public static long FloorLocal(long local, char unit)
    {
        var days = CivilTime.FloorDiv(local, CivilTime.DayMillis);
        var (year, month, _) = CivilTime.Date(days);
        var start = unit switch
        {
            'd' => days,
            'w' => days - (((days + 3) % 7) + 7) % 7,
            'M' => CivilTime.Days(year, month, 1),
            'q' => CivilTime.Days(year, (((month - 1) / 3) * 3) + 1, 1),
            _ => CivilTime.Days(year, 1, 1),
        };
        return start * CivilTime.DayMillis;
    }

    public static long AddMonths(long local, long months)
    {
        var days = CivilTime.FloorDiv(local, CivilTime.DayMillis);
        var (year, month, day) = CivilTime.Date(days);
        var total = (year * 12) + month - 1 + months;
        var newYear = CivilTime.FloorDiv(total, 12);
        var newMonth = (int)(total - (newYear * 12)) + 1;
        return (CivilTime.Days(newYear, newMonth, Math.Min(day, CivilTime.DaysInMonth(newYear, newMonth))) * CivilTime.DayMillis) + local - (days * CivilTime.DayMillis);
    }

    private static long Local(long millis, TimeZoneInfo zone, Func<long, long> change) => CivilTime.ToUtc(zone, change(millis + CivilTime.Offset(zone, millis)));
}
