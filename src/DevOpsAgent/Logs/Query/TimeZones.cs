using System.Globalization;

namespace DevOpsAgent.Logs.Query;

/// <summary>Zones as Java names them: <c>Z</c>, <c>UTC</c>, <c>+02:00</c>, <c>GMT+2</c>, <c>Europe/Paris</c>.</summary>
internal static class TimeZones
{
    public static TimeZoneInfo Find(string? text) => text is null ? TimeZoneInfo.Utc : TryFind(text, out var zone) ? zone : throw DslException.Argument($"java.time.zone.ZoneRulesException: Unknown time-zone ID: {text}");

    public static bool TryFind(string text, out TimeZoneInfo zone)
    {
        zone = TimeZoneInfo.Utc;
        if (text is "Z" or "UTC" or "GMT" or "UT")
        {
            return true;
        }

        var offset = text.StartsWith("UTC", StringComparison.Ordinal) || text.StartsWith("GMT", StringComparison.Ordinal) ? text[3..] : text;
        if (TryOffset(offset, out var minutes))
        {
            zone = minutes == 0 ? TimeZoneInfo.Utc : TimeZoneInfo.CreateCustomTimeZone(text, TimeSpan.FromMinutes(minutes), text, text);
            return true;
        }

        return text.Length is > 2 and < 64 && !text.Contains("..", StringComparison.Ordinal) && text[0] is >= 'A' and <= 'Z'
            && TimeZoneInfo.TryFindSystemTimeZoneById(text, out zone!);
    }

    /// <summary>+hh, +hhmm or +hh:mm, in minutes.</summary>
    public static bool TryOffset(ReadOnlySpan<char> text, out int minutes)
    {
        minutes = 0;
        if (text is "Z")
        {
            return true;
        }

        if (text.Length < 2 || text[0] is not ('+' or '-'))
        {
            return false;
        }

        var digits = text[1..].ToString().Replace(":", "", StringComparison.Ordinal);
        if (digits.Length is not (1 or 2 or 4) || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        var (hours, rest) = digits.Length == 4 ? (number / 100, number % 100) : (number, 0);
        minutes = ((hours * 60) + rest) * (text[0] == '-' ? -1 : 1);
        return hours <= 18 && rest < 60 && Math.Abs(minutes) <= 14 * 60;
    }
}
