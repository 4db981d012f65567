using System.Globalization;

namespace DevOpsAgent.Guards;

/// <summary>Spans of time in guards' texts: "04:00:00", "7.00:00:00".</summary>
internal static class SpanText
{
    public static string Of(TimeSpan span) => span.ToString("c", CultureInfo.InvariantCulture);
}
