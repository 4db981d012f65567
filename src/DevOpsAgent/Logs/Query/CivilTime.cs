namespace DevOpsAgent.Logs.Query;

/// <summary>Dates on the proleptic calendar without DateTime's bounds (years 1 to 9999): Elasticsearch's run from -292,275,055 to 292,278,994.</summary>
internal static class CivilTime
{
    public const long DayMillis = 86_400_000;

    /// <summary>Days since 1970-01-01 (Howard Hinnant's civil calendar algorithm).</summary>
    public static long Days(long year, int month, int day)
    {
        year -= month <= 2 ? 1 : 0;
        var era = (year >= 0 ? year : year - 399) / 400;
        var ofEra = year - (era * 400);
        var dayOfYear = (((153 * (month + (month > 2 ? -3 : 9))) + 2) / 5) + day - 1;
        return (era * 146_097) + (ofEra * 365) + (ofEra / 4) - (ofEra / 100) + dayOfYear - 719_468;
    }

    public static (long Year, int Month, int Day) Date(long days)
    {
        days += 719_468;
        var era = (days >= 0 ? days : days - 146_096) / 146_097;
        var ofEra = days - (era * 146_097);
        var yearOfEra = (ofEra - (ofEra / 1460) + (ofEra / 36_524) - (ofEra / 146_096)) / 365;
        var dayOfYear = ofEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        var shifted = ((5 * dayOfYear) + 2) / 153;
        var day = (int)(dayOfYear - (((153 * shifted) + 2) / 5) + 1);
        var month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
        return (yearOfEra + (era * 400) + (month <= 2 ? 1 : 0), month, day);
    }

    public static int DaysInMonth(long year, int month) => month switch
    {
        2 => IsLeap(year) ? 29 : 28,
        4 or 6 or 9 or 11 => 30,
        _ => 31,
    };

    public static bool IsLeap(long year) => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    public static long FloorDiv(long value, long by) => (value / by) - (value % by < 0 ? 1 : 0);

    /// <summary>Milliseconds that the zone is ahead of UTC at an instant. DateTime's range is clamped: zones have no rules beyond it.</summary>
    public static long Offset(TimeZoneInfo zone, long utcMillis)
    {
        if (ReferenceEquals(zone, TimeZoneInfo.Utc))
        {
            return 0;
        }

        var clamped = Math.Clamp(utcMillis, -62_135_596_800_000, 253_402_300_799_000);
        return (long)zone.GetUtcOffset(DateTimeOffset.FromUnixTimeMilliseconds(clamped)).TotalMilliseconds;
    }

    /// <summary>The instant of a local time. A local time that the clocks skip is moved past the gap, one that comes twice is the first.</summary>
    public static long ToUtc(TimeZoneInfo zone, long localMillis)
    {
        if (ReferenceEquals(zone, TimeZoneInfo.Utc))
        {
            return localMillis;
        }

        var before = Offset(zone, localMillis - DayMillis);
        var guess = localMillis - before;
        if (Offset(zone, guess) == before)
        {
            return guess;
        }

        var after = Offset(zone, localMillis + DayMillis);
        return Offset(zone, localMillis - after) == after ? localMillis - after : guess;
    }
}
