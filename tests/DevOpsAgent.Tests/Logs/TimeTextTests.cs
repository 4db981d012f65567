using System.Globalization;
using System.Text;
using DevOpsAgent.Logs;

namespace DevOpsAgent.Tests.Logs;

public sealed class TimeTextTests
{
    [Theory]
    [InlineData("2026-11-21T07:36:24Z", "2026-11-21T07:36:24.0000000Z")]
    [InlineData("2026-11-21T07:36:24.9Z", "2026-11-21T07:36:24.9000000Z")]
    [InlineData("2026-11-21T07:36:24.957335424Z", "2026-11-21T07:36:24.9573354Z")]
    [InlineData("2026-11-21T07:36:24.957335499+02:00", "2026-11-21T05:36:24.9573354Z")]
    [InlineData("2026-11-21t07:36:24-09:30", "2026-11-21T17:06:24.0000000Z")]
    [InlineData("2024-02-29T23:59:59z", "2024-02-29T23:59:59.0000000Z")]
    public void Rfc3339(string text, string expected)
    {
        TimeText.TryRfc3339(Encoding.UTF8.GetBytes(text), out var ticks).ShouldBeTrue();
        new DateTime(ticks, DateTimeKind.Utc).ToString("O", CultureInfo.InvariantCulture).ShouldBe(expected);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026-11-21T07:36:24")]
    [InlineData("2026-11-21T07:36:24.Z")]
    [InlineData("2026-11-21T07:36:24.1234567890Z")]
    [InlineData("2026-02-29T07:36:24Z")]
    [InlineData("2026-13-01T07:36:24Z")]
    [InlineData("2026-00-01T07:36:24Z")]
    [InlineData("2026-11-00T07:36:24Z")]
    [InlineData("2026-11-21T24:00:00Z")]
    [InlineData("2026-11-21T07:60:00Z")]
    [InlineData("2026-11-21T07:00:60Z")]
    [InlineData("2026-11-21T07:00:00+0200")]
    [InlineData("2026-11-21T07:00:00+24:00")]
    [InlineData("1989-12-31T23:59:59Z")]
    [InlineData("2201-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59.999999999Z")]
    [InlineData("-026-11-21T07:36:24Z")]
    [InlineData("2026-11-21T07:36:2:Z")]
    public void Not_a_time(string text) => TimeText.TryRfc3339(Encoding.UTF8.GetBytes(text), out _).ShouldBeFalse();

    [Theory]
    [InlineData("21/Nov/2026:07:36:04 +0000", "2026-11-21T07:36:04.0000000Z")]
    [InlineData("01/Mar/2024:00:30:00 +0100", "2024-02-29T23:30:00.0000000Z")]
    public void Clf(string text, string expected)
    {
        TimeText.TryClf(Encoding.UTF8.GetBytes(text), out var ticks).ShouldBeTrue();
        new DateTime(ticks, DateTimeKind.Utc).ToString("O", CultureInfo.InvariantCulture).ShouldBe(expected);
    }

    [Theory]
    [InlineData("21/Nov/2026.07.36.04 +0000")]
    [InlineData("21/Abc/2026:07:36:04 +0000")]
    [InlineData("31/Nov/2026:07:36:04 +0000")]
    [InlineData("21/Nov/2026:07:36:04 00000")]
    [InlineData("21/Nov/2026:07:36:04 +00:0")]
    public void Not_a_clf_time(string text) => TimeText.TryClf(Encoding.UTF8.GetBytes(text), out _).ShouldBeFalse();

    [Fact]
    public void Every_day_of_two_centuries()
    {
        var day = new DateTime(TimeText.FirstYear, 1, 1, 12, 34, 56, DateTimeKind.Utc);
        for (; day.Year <= TimeText.LastYear; day = day.AddDays(1))
        {
            TimeText.TryRfc3339(Encoding.UTF8.GetBytes(day.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)), out var ticks).ShouldBeTrue();
            ticks.ShouldBe(day.Ticks);
            TimeText.TryClf(Encoding.UTF8.GetBytes(day.ToString("dd/MMM/yyyy:HH:mm:ss +0000", CultureInfo.InvariantCulture)), out ticks).ShouldBeTrue();
            ticks.ShouldBe(day.Ticks);
        }
    }
}
