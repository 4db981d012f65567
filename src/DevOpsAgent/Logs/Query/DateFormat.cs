using System.Globalization;

namespace DevOpsAgent.Logs.Query;

/// <summary>One or more date formats (<c>a||b</c>): any of them parses, the first one prints.</summary>
internal sealed class DateFormat
{
    public const string DefaultName = "strict_date_optional_time||epoch_millis";

    /// <summary>Named formats as patterns. Those with optional parts or numbers are handled apart.</summary>
    private static readonly Dictionary<string, string> Named = new(StringComparer.Ordinal)
    {
        ["date"] = "yyyy-MM-dd", ["basic_date"] = "yyyyMMdd", ["date_hour"] = "yyyy-MM-dd'T'HH", ["date_hour_minute"] = "yyyy-MM-dd'T'HH:mm",
        ["date_hour_minute_second"] = "yyyy-MM-dd'T'HH:mm:ss", ["date_hour_minute_second_millis"] = "yyyy-MM-dd'T'HH:mm:ss.SSS", ["date_hour_minute_second_fraction"] = "yyyy-MM-dd'T'HH:mm:ss.SSS",
        ["date_time"] = "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", ["date_time_no_millis"] = "yyyy-MM-dd'T'HH:mm:ssXXX", ["basic_date_time"] = "yyyyMMdd'T'HHmmss.SSSX",
        ["basic_date_time_no_millis"] = "yyyyMMdd'T'HHmmssX", ["hour"] = "HH", ["hour_minute"] = "HH:mm", ["hour_minute_second"] = "HH:mm:ss", ["hour_minute_second_millis"] = "HH:mm:ss.SSS",
        ["time"] = "HH:mm:ss.SSSXXX", ["time_no_millis"] = "HH:mm:ssXXX", ["year"] = "yyyy", ["year_month"] = "yyyy-MM", ["year_month_day"] = "yyyy-MM-dd", ["ordinal_date"] = "yyyy-DDD",
        ["rfc822"] = "EEE, d MMM yyyy HH:mm:ss Z",
    };

    private static readonly DatePattern Printed = new("yyyy-MM-dd'T'HH:mm:ss.SSSXXX");

    private readonly List<Alternative> _alternatives = [];

    public DateFormat(string text)
    {
        Text = text;
        foreach (var part in text.Split("||"))
        {
            var name = part.StartsWith("strict_", StringComparison.Ordinal) ? part["strict_".Length..] : part;
            _alternatives.Add(name switch
            {
                "date_optional_time" or "date_optional_time_nanos" or "iso8601" or "dateOptionalTime" => new(null, 0),
                "epoch_millis" => new(null, 1),
                "epoch_second" => new(null, 1000),
                "" => throw DslException.Argument("No date pattern provided"),
                _ => new(new DatePattern(Named.GetValueOrDefault(name, part)), -1),
            });
        }
    }

    public static DateFormat Default { get; } = new(DefaultName);

    public string Text { get; }

    /// <param name="text">The date as written.</param>
    /// <param name="roundUp">Missing times are the last of their unit.</param>
    /// <param name="zone">Of texts without one.</param>
    /// <param name="millis">UTC milliseconds since 1970.</param>
    /// <param name="subNanos">Nanoseconds below the millisecond.</param>
    public bool TryParse(string text, bool roundUp, TimeZoneInfo zone, out long millis, out int subNanos)
    {
        foreach (var alternative in _alternatives)
        {
            if (alternative.TryParse(text, out var parts) && parts.TryMillis(roundUp, zone, out millis, out subNanos))
            {
                return true;
            }
        }

        millis = 0;
        subNanos = 0;
        return false;
    }

    /// <summary>A date of a request.</summary>
    /// <exception cref="DslException">Not a date of this format.</exception>
    public long Parse(string text, bool roundUp, TimeZoneInfo zone) =>
        TryParse(text, roundUp, zone, out var millis, out _) ? millis : throw Bad(text);

    public DslException Bad(string text) => new("parse_exception", $"failed to parse date field [{text}] with format [{Text}]") { OnShard = true };

    public string Format(long utcMillis, TimeZoneInfo zone) => _alternatives[0] switch
    {
        { Pattern: { } pattern } => pattern.Format(utcMillis, zone),
        { EpochUnit: 1 } => utcMillis.ToString(CultureInfo.InvariantCulture),
        { EpochUnit: 1000 } => utcMillis % 1000 == 0 ? (utcMillis / 1000).ToString(CultureInfo.InvariantCulture) : (utcMillis / 1000m).ToString("0.###", CultureInfo.InvariantCulture),
        _ => Printed.Format(utcMillis, zone),
    };

    private readonly record struct Alternative(DatePattern? Pattern, int EpochUnit)
    {
        public bool TryParse(string text, out DateParts parts)
        {
            if (Pattern is not null)
            {
                return Pattern.TryParse(text, out parts);
            }

            if (EpochUnit == 0)
            {
                return IsoDate.TryParse(text, out parts);
            }

            parts = DateParts.Empty;
            var point = text.IndexOf('.', StringComparison.Ordinal);
            var whole = point < 0 ? text.AsSpan() : text.AsSpan(0, point);
            if (!long.TryParse(whole, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) || Math.Abs(number) > long.MaxValue / 1000 || whole[0] == '+')
            {
                return false;
            }

            parts.Nano = 0;
            var millis = number * EpochUnit;
            if (point >= 0)
            {
                var rest = text.AsSpan(point);
                if (!IsoDate.TryFraction(ref rest, out var fraction) || !rest.IsEmpty)
                {
                    return false;
                }

                millis += EpochUnit == 1000 ? fraction / 1_000_000 : 0;
                parts.Nano = EpochUnit == 1000 ? fraction % 1_000_000 : fraction / 1000;
            }

            parts.EpochMillis = millis;
            return true;
        }
    }
}
