namespace DevOpsAgent.Logs.Sources;

/// <summary>
/// How rotation names old files: access.log.1, access.log.2.gz, access.log-20261121, access.log.2026-11-21_07,
/// access-20261121.log.gz, 0.log.20261121-093000.gz.
/// </summary>
/// <param name="Date">The digits of a date or time, to be compared from the left; "" for a counter.</param>
/// <param name="Counter">1 is the youngest; -1 for a date.</param>
/// <param name="Compressed">Behind it stands .gz.</param>
internal readonly record struct RotatedName(string Date, int Counter, bool Compressed)
{
    private static readonly System.Buffers.SearchValues<char> MarkLetters = System.Buffers.SearchValues.Create("0123456789.-_:T");

    private const string Gzip = ".gz";

    /// <summary>Counters have at most so many digits; more is a date.</summary>
    private const int MaxCounterDigits = 4;

    /// <summary>False where the name is none of a rotated file of this log.</summary>
    public static bool TryParse(string logName, string name, out RotatedName rotated)
    {
        rotated = default;
        var compressed = name.EndsWith(Gzip, StringComparison.Ordinal);
        var text = compressed ? name.AsSpan(0, name.Length - Gzip.Length) : name;
        if (!TryRemove(text, logName, "", out var mark))
        {
            // logrotate's "extension .log": access-20261121.log
            var extension = Path.GetExtension(logName);
            var stem = logName.AsSpan(0, logName.Length - extension.Length);
            if (extension.Length == 0 || stem.Length == 0 || !TryRemove(text, stem, extension, out mark))
            {
                return false;
            }
        }

        var digits = new string([.. mark.ToString().Where(char.IsAsciiDigit)]);
        rotated = mark.Length == digits.Length && digits.Length <= MaxCounterDigits
            ? new("", int.Parse(digits, System.Globalization.CultureInfo.InvariantCulture), compressed)
            : new(digits, -1, compressed);
        return true;
    }

    /// <summary>Older first; null where the names don't tell.</summary>
    public static int? CompareAge(RotatedName a, RotatedName b)
    {
        if (a.Counter >= 0 != b.Counter >= 0)
        {
            return null;
        }

        return a.Counter >= 0 ? b.Counter.CompareTo(a.Counter) : string.CompareOrdinal(a.Date, b.Date);
    }

    /// <summary>access.log | -20261121 | "": what stands between, without its first separator, if only digits and separators.</summary>
    private static bool TryRemove(ReadOnlySpan<char> text, ReadOnlySpan<char> before, ReadOnlySpan<char> after, out ReadOnlySpan<char> mark)
    {
        mark = default;
        if (text.Length < before.Length + after.Length + 2 || !text.StartsWith(before, StringComparison.Ordinal) || !text.EndsWith(after, StringComparison.Ordinal))
        {
            return false;
        }

        mark = text[(before.Length + 1)..(text.Length - after.Length)];
        return text[before.Length] is '.' or '-' or '_' && char.IsAsciiDigit(mark[0]) && !mark.ContainsAnyExcept(MarkLetters);
    }
}
