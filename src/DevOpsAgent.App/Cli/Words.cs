using System.Globalization;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.App.Cli;

/// <summary>How times, counts and states are said to people.</summary>
internal static class Words
{
    /// <summary>"45s", "12m", "3h", "5d": the largest unit, for columns.</summary>
    public static string Age(TimeSpan age) => age switch
    {
        { Ticks: < 0 } => "0s",
        { TotalMinutes: < 1 } => Whole(age.TotalSeconds) + "s",
        { TotalHours: < 1 } => Whole(age.TotalMinutes) + "m",
        { TotalDays: < 1 } => Whole(age.TotalHours) + "h",
        _ => Whole(age.TotalDays) + "d",
    };

    /// <summary>"2026-11-21 10:00:05Z".</summary>
    public static string At(DateTimeOffset at) => at.UtcDateTime.ToString("u", CultureInfo.InvariantCulture);

    /// <summary>"4h", whole seconds.</summary>
    public static string Duration(TimeSpan duration) => DurationText.Of(TimeSpan.FromSeconds(Math.Max(0, Math.Round(duration.TotalSeconds))));

    public static string Count(int count, string one, string many) => string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? one : many)}");

    public static string Name<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    public static string? PaintSeverity(string severity) => severity switch
    {
        "critical" => "1;31",
        "high" => "31",
        "medium" => "33",
        _ => null,
    };

    public static string? PaintStatus(string status) => status switch
    {
        "recommended" or "pending" => "33",
        "blocked" or "active" or "unconfirmed" => "32",
        "failed" => "1;31",
        _ => null,
    };

    private static string Whole(double value) => Math.Floor(value).ToString(CultureInfo.InvariantCulture);
}
