using System.Globalization;

namespace DevOpsAgent.Configuration;

/// <summary>A span of time as people write it: "90s", "30m", "4h", "7d", "1h30m". Whole numbers with a unit; no sign, no blanks.</summary>
internal static class DurationText
{
    /// <summary>Ten years: beyond it a slip is likelier than a wish, and no sum with a date overflows.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    /// <summary>Never throws. False: not of this form, or above <see cref="Longest"/>.</summary>
    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = default;
        if (text is not { Length: > 0 and <= 32 })
        {
            return false;
        }

        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits <= 0 || digits > 10)
            {
                return false;
            }

            var unitLength = rest[digits..] is ['m', 's', ..] ? 2 : 1;
            TimeSpan? unit = rest.Slice(digits, unitLength) switch
            {
                "ms" => TimeSpan.FromMilliseconds(1),
                "s" => TimeSpan.FromSeconds(1),
                "m" => TimeSpan.FromMinutes(1),
                "h" => TimeSpan.FromHours(1),
                "d" => TimeSpan.FromDays(1),
                _ => null,
            };
            var number = long.Parse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture);
            if (unit is not { } u || number > Longest / u)
            {
                return false;
            }

            duration += u * number;
            rest = rest[(digits + unitLength)..];
        }

        return duration <= Longest;
    }

    /// <summary>The shortest form that <see cref="TryParse"/> reads back: 4h, 90s, 1d12h.</summary>
    public static string Of(TimeSpan duration)
    {
        (string Unit, TimeSpan Size)[] units =
        [
            ("d", TimeSpan.FromDays(1)), ("h", TimeSpan.FromHours(1)), ("m", TimeSpan.FromMinutes(1)),
            ("s", TimeSpan.FromSeconds(1)), ("ms", TimeSpan.FromMilliseconds(1)),
        ];
        var text = "";
        foreach (var (unit, size) in units)
        {
            var count = (long)(duration / size);
            if (count > 0)
            {
                text += count.ToString(CultureInfo.InvariantCulture) + unit;
                duration -= size * count;
            }
        }

        return text.Length == 0 ? "0s" : text;
    }
}
