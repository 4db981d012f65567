using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>The bucket of a date histogram that an instant falls into, and the bucket after. Remembers the last one: logs are nearly in order.</summary>
internal sealed class DateRounding
{
    private readonly CalendarInterval? _calendar;
    private readonly long _fixed;
    private readonly long _offset;
    private readonly TimeZoneInfo _zone;
    private long _start = 1;
    private long _end;

    public DateRounding(DateHistogramAggregation histogram)
    {
        _calendar = histogram.Calendar;
        _fixed = histogram.Fixed;
        _offset = histogram.Offset;
        _zone = TimeZones.Find(histogram.TimeZone);
    }

    public long Round(long millis)
    {
        if (millis < _start || millis >= _end)
        {
            _start = Floor(millis - _offset) + _offset;
            _end = Next(_start);
        }

        return _start;
    }

    public long Next(long start)
    {
        var plain = start - _offset;
        if (_calendar is null)
        {
            var next = plain + _fixed;
            return (_zone.Equals(TimeZoneInfo.Utc) ? next : Math.Max(Floor(next), plain + 1)) + _offset;
        }

        var local = plain + CivilTime.Offset(_zone, plain);
        var after = _calendar switch
        {
            CalendarInterval.Second => plain + 1000,
            CalendarInterval.Minute => plain + 60_000,
            CalendarInterval.Hour => plain + 3_600_000,
            CalendarInterval.Day => CivilTime.ToUtc(_zone, local + CivilTime.DayMillis),
            CalendarInterval.Week => CivilTime.ToUtc(_zone, local + (7 * CivilTime.DayMillis)),
            CalendarInterval.Month => CivilTime.ToUtc(_zone, DateMath.AddMonths(local, 1)),
            CalendarInterval.Quarter => CivilTime.ToUtc(_zone, DateMath.AddMonths(local, 3)),
            _ => CivilTime.ToUtc(_zone, DateMath.AddMonths(local, 12)),
        };
        return after + _offset;
    }

    private long Floor(long millis)
    {
        var local = millis + CivilTime.Offset(_zone, millis);
        if (_calendar is null)
        {
            return CivilTime.ToUtc(_zone, CivilTime.FloorDiv(local, _fixed) * _fixed);
        }

        return _calendar switch
        {
            CalendarInterval.Second => CivilTime.FloorDiv(millis, 1000) * 1000,
            CalendarInterval.Minute => CivilTime.FloorDiv(millis, 60_000) * 60_000,
            CalendarInterval.Hour => (CivilTime.FloorDiv(local, 3_600_000) * 3_600_000) - (local - millis),
            _ => CivilTime.ToUtc(_zone, DateMath.FloorLocal(local, _calendar switch { CalendarInterval.Day => 'd', CalendarInterval.Week => 'w', CalendarInterval.Month => 'M', CalendarInterval.Quarter => 'q', _ => 'y' })),
        };
    }
}
