using System.Globalization;

namespace DevOpsAgent.Configuration;

/// <summary>A number of bytes as people write it: "150MB", "64KiB", "4096". K, M and G are powers of 1024, with or without the i.</summary>
internal static class SizeText
{
    /// <summary>Never throws. False: not of this form, or above 1 TiB.</summary>
    public static bool TryParse(string? text, out long bytes)
    {
        bytes = 0;
        if (text is not { Length: > 0 and <= 32 })
        {
            return false;
        }

        var digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        digits = digits < 0 ? text.Length : digits;
        int? shift = text[digits..].ToUpperInvariant() switch
        {
            "" or "B" => 0,
            "K" or "KB" or "KIB" => 10,
            "M" or "MB" or "MIB" => 20,
            "G" or "GB" or "GIB" => 30,
            _ => null,
        };
        if (digits is 0 or > 13 || shift is not { } s)
        {
            return false;
        }

        var number = long.Parse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture);
        bytes = number << s;
        return number <= (1L << 40) >> s;
    }

    /// <summary>The largest unit that divides it: 150MB, 1GB, 1000.</summary>
    public static string Of(long bytes)
    {
        (string Unit, int Shift)[] units = [("GB", 30), ("MB", 20), ("KB", 10)];
        foreach (var (unit, shift) in units)
        {
            if (bytes > 0 && (bytes & ((1L << shift) - 1)) == 0)
            {
                return (bytes >> shift).ToString(CultureInfo.InvariantCulture) + unit;
            }
        }

        return bytes.ToString(CultureInfo.InvariantCulture);
    }
}
