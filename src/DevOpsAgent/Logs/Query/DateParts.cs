namespace DevOpsAgent.Logs.Query;

/// <summary>What a date text said, field by field; what it didn't say is -1 and filled by <see cref="ToMillis"/>.</summary>
internal struct DateParts
{
    public long Year;
    public int Month;
    public int Day;
    public int Hour;
    public int Minute;
    public int Second;

    /// <summary>Nanoseconds of the second.</summary>
    public int Nano;
    public int DayOfYear;
    public int? Offset;
    public TimeZoneInfo? Zone;

    /// <summary>Set where the text was an epoch number: milliseconds, and nanoseconds below them in <see cref="Nano"/>.</summary>
    public long? EpochMillis;

    public static DateParts Empty => new() { Year = 1970, Month = -1, Day = -1, Hour = -1, Minute = -1, Second = -1, Nano = -1, DayOfYear = -1 };

    /// <summary>UTC milliseconds. Missing month and day are 1; missing times are 0, or their last when rounding up (as in <c>lte</c>).</summary>
    public readonly bool TryMillis(bool roundUp, TimeZoneInfo zone, out long millis, out int subNanos)
    {
        millis = 0;
        subNanos = 0;
        if (EpochMillis is { } epoch)
        {
            millis = epoch;
            subNanos = Math.Max(Nano, 0);
            return true;
        }

        var month = Month < 0 ? 1 : Month;
        var day = Day < 0 ? 1 : Day;
        var hour = Hour < 0 ? (roundUp ? 23 : 0) : Hour;
        var minute = Minute < 0 ? (roundUp ? 59 : 0) : Minute;
        var second = Second < 0 ? (roundUp ? 59 : 0) : Second;
        var nano = Nano < 0 ? (roundUp ? 999_999_999 : 0) : Nano;
        if (month is < 1 or > 12 || day < 1 || hour > 24 || minute > 59 || second > 59 || (hour == 24 && (minute | second | nano) != 0) || Math.Abs(Year) > 292_000_000)
        {
            return false;
        }

        long days;
        if (DayOfYear >= 0)
        {
            if (DayOfYear is 0 or > 366 || (DayOfYear == 366 && !CivilTime.IsLeap(Year)))
            {
                return false;
            }

            days = CivilTime.Days(Year, 1, 1) + DayOfYear - 1;
        }
        else
        {
            if (day > CivilTime.DaysInMonth(Year, month))
            {
                return false;
            }

            days = CivilTime.Days(Year, month, day);
        }

        var local = (days * CivilTime.DayMillis) + (((((hour * 60L) + minute) * 60) + second) * 1000) + (nano / 1_000_000);
        subNanos = nano % 1_000_000;
        millis = Offset is { } minutes ? local - (minutes * 60_000L) : CivilTime.ToUtc(Zone ?? zone, local);
        return true;
    }
}
