using System.Buffers.Text;

namespace DevOpsAgent.Logs;

/// <summary>Reads the whole numbers of a log line. Shippers turn them into text ("404") or floating point (404.0, 8.8e5).</summary>
internal static class NumberText
{
    /// <summary>False for anything that is not a whole number within 64 bits. Never throws.</summary>
    public static bool TryWhole(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        if (text.Length is 0 or > 32)
        {
            return false;
        }

        var negative = text[0] == '-';
        var digits = negative ? text[1..] : text;
        if (digits.Length is 0 or > 18)
        {
            return TryFloat(text, out value);
        }

        foreach (var b in digits)
        {
            var digit = (uint)(b - '0');
            if (digit > 9)
            {
                return TryFloat(text, out value);
            }

            value = value * 10 + digit;
        }

        value = negative ? -value : value;
        return true;
    }

    private static bool TryFloat(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        if (Utf8Parser.TryParse(text, out long whole, out var consumed) && consumed == text.Length)
        {
            value = whole;
            return true;
        }

        // 2^62: far above any duration in nanoseconds, and exact to convert.
        if (!Utf8Parser.TryParse(text, out double number, out consumed) || consumed != text.Length
            || !double.IsFinite(number) || Math.Abs(number) > 4.6e18 || Math.Floor(number) != number)
        {
            return false;
        }

        value = (long)number;
        return true;
    }
}
