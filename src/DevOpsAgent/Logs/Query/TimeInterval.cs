using System.Globalization;

namespace DevOpsAgent.Logs.Query;

/// <summary>Durations of the DSL: <c>90s</c>, <c>1.5h</c>, <c>-15m</c>; and calendar units: <c>1d</c>, <c>month</c>.</summary>
internal static class TimeInterval
{
    /// <summary>Milliseconds of a fixed duration (units ms, s, m, h, d).</summary>
    /// <exception cref="DslException">No such unit or number.</exception>
    public static long Millis(string text, string setting)
    {
        var sign = text.StartsWith('-') ? -1 : 1;
        var body = text.TrimStart('+', '-').Trim();
        var unitAt = body.Length;
        while (unitAt > 0 && !char.IsAsciiDigit(body[unitAt - 1]) && body[unitAt - 1] != '.')
        {
            unitAt--;
        }

        var unit = body[unitAt..].Trim() switch
        {
            "nanos" or "micros" => 0,
            "ms" or "MS" => 1L,
            "s" or "S" => 1000,
            "m" => 60_000,
            "h" or "H" => 3_600_000,
            "d" or "D" => CivilTime.DayMillis,
            _ => -1,
        };
        if (unit < 0 || !double.TryParse(body.AsSpan(0, unitAt), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) || number > 1e11)
        {
            throw DslException.Argument($"failed to parse setting [{setting}] with value [{text}] as a time value: unit is missing or unrecognized");
        }

        return sign * (long)(number * unit);
    }

    public static bool TryCalendar(string text, out CalendarInterval interval)
    {
        interval = CalendarInterval.Second;
        CalendarInterval? found = text switch
        {
            "1s" or "second" => CalendarInterval.Second,
            "1m" or "minute" => CalendarInterval.Minute,
            "1h" or "hour" => CalendarInterval.Hour,
            "1d" or "day" => CalendarInterval.Day,
            "1w" or "week" => CalendarInterval.Week,
            "1M" or "month" => CalendarInterval.Month,
            "1q" or "quarter" => CalendarInterval.Quarter,
            "1y" or "year" => CalendarInterval.Year,
            _ => null,
        };
        interval = found ?? interval;
        return found is not null;
    }
}
