using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.Tests.Logs.Query;

public sealed class NumbersAndDatesTests
{
    private static readonly long Now = new DateTimeOffset(2026, 11, 21, 9, 30, 15, TimeSpan.Zero).ToUnixTimeMilliseconds();

    [Theory]
    [InlineData(404.0, "404.0")]
    [InlineData(1.7E12, "1.7E12")]
    [InlineData(0.001, "0.001")]
    [InlineData(0.00099, "9.9E-4")]
    [InlineData(9999999.0, "9999999.0")]
    [InlineData(1E7, "1.0E7")]
    [InlineData(-0.0, "-0.0")]
    [InlineData(123456.789, "123456.789")]
    [InlineData(double.MaxValue, "1.7976931348623157E308")]
    public void Numbers_are_printed_as_Java_does(double value, string text) => JavaNumber.Text(value).ShouldBe(text);

    [Theory]
    [InlineData("now-15m", false, "2026-11-21T09:15:15.000Z")]
    [InlineData("now/d", false, "2026-11-21T00:00:00.000Z")]
    [InlineData("now/d", true, "2026-11-21T23:59:59.999Z")]
    [InlineData("now-1M/M", false, "2026-10-01T00:00:00.000Z")]
    [InlineData("now/w", false, "2026-11-16T00:00:00.000Z")]
    [InlineData("2026-11-21||-1d/d", false, "2026-11-20T00:00:00.000Z")]
    [InlineData("2026-11-21T06", true, "2026-11-21T06:59:59.999Z")]
    [InlineData("2026-11", true, "2026-11-01T23:59:59.999Z")]
    [InlineData("2024-02-29||+1y", false, "2025-02-28T00:00:00.000Z")]
    [InlineData("1795245600000", false, "2026-11-21T07:20:00.000Z")]
    [InlineData("-10000000", false, "1969-12-31T21:13:20.000Z")]
    [InlineData("1000", false, "1000-01-01T00:00:00.000Z")]
    public void Date_math_is_Elasticsearchs(string text, bool roundUp, string result) =>
        DateFormat.Default.Format(DateMath.Parse(text, DateFormat.Default, roundUp, TimeZoneInfo.Utc, Now), TimeZoneInfo.Utc).ShouldBe(result);

    [Theory]
    [InlineData("yesterday")]
    [InlineData("now-")]
    [InlineData("now-1")]
    [InlineData("now-1x")]
    [InlineData("now/2d")]
    [InlineData("2026-13-01")]
    [InlineData("2026-02-30")]
    [InlineData("2026-11-21T25")]
    [InlineData("2026-11-21T08:00:00Z-15m")]
    [InlineData("")]
    [InlineData("now+99999999999999d")]
    public void What_is_no_date_is_an_error_of_the_shard(string text) =>
        Should.Throw<DslException>(() => DateMath.Parse(text, DateFormat.Default, false, TimeZoneInfo.Utc, Now)).OnShard.ShouldBeTrue();

    [Theory]
    [InlineData("dd/MM/yyyy HH:mm", "21/11/2026 08:30")]
    [InlineData("yyyyMMdd", "20261121")]
    [InlineData("EEE, d MMM yyyy HH:mm:ss Z", "Sat, 21 Nov 2026 08:30:00 +0000")]
    [InlineData("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2026-11-21T08:30:00.000Z")]
    [InlineData("epoch_second", "1795249800")]
    [InlineData("yyyy-DDD hh:mm a", "2026-325 08:30 AM")]
    public void Patterns_read_what_they_print(string pattern, string text)
    {
        var format = new DateFormat(pattern);
        format.Format(format.Parse(text, false, TimeZoneInfo.Utc), TimeZoneInfo.Utc).ShouldBe(text);
    }

    [Fact]
    public void Calendar_days_hold_over_four_thousand_years()
    {
        for (var days = -800_000L; days < 800_000; days += 61)
        {
            var (year, month, day) = CivilTime.Date(days);
            CivilTime.Days(year, month, day).ShouldBe(days);
        }
    }
}
