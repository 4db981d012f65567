using System.Globalization;
using System.Text;

namespace DevOpsAgent.Logs.Query;

/// <summary>A Java date pattern, such as <c>dd/MM/yyyy HH:mm</c>, as its parts: letters with their count, and literal text.</summary>
internal sealed class DatePattern
{
    private static readonly string[] Months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
    private static readonly string[] Weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

    private readonly List<(char Letter, int Count, string Text)> _parts = [];

    /// <exception cref="DslException">A letter that isn't read here.</exception>
    public DatePattern(string pattern)
    {
        for (var i = 0; i < pattern.Length;)
        {
            var c = pattern[i];
            if (c == '\'')
            {
                var end = pattern.IndexOf('\'', i + 1);
                if (end < 0)
                {
                    throw DslException.Argument($"Invalid format: [{pattern}]: Pattern ends with an incomplete string literal: {pattern}");
                }

                _parts.Add(('\'', 0, end == i + 1 ? "'" : pattern[(i + 1)..end]));
                i = end + 1;
                continue;
            }

            if (!char.IsAsciiLetter(c))
            {
                if (c is '[' or ']' or '{' or '}' or '#')
                {
                    throw DslException.NotSupported($"date format {pattern}");
                }

                _parts.Add(('\'', 0, c.ToString()));
                i++;
                continue;
            }

            var count = 1;
            while (i + count < pattern.Length && pattern[i + count] == c)
            {
                count++;
            }

            if ("yuMdDHhamsSnEXxZz".IndexOf(c, StringComparison.Ordinal) < 0)
            {
                throw "GYwWeckKQqLANOVBp".Contains(c, StringComparison.Ordinal) ? DslException.NotSupported($"date format {pattern}") : DslException.Argument($"Invalid format: [{pattern}]: Unknown pattern letter: {c}");
            }

            _parts.Add((c, count, ""));
            i += count;
        }
    }

    public bool TryParse(ReadOnlySpan<char> text, out DateParts parts)
    {
        parts = DateParts.Empty;
        var afternoon = -1;
        for (var i = 0; i < _parts.Count; i++)
        {
            var (letter, count, literal) = _parts[i];
            var adjacent = i + 1 < _parts.Count && _parts[i + 1].Letter is not '\'';
            if (!TryPart(letter, count, literal, adjacent, ref text, ref parts, ref afternoon))
            {
                return false;
            }
        }

        if (afternoon >= 0 && parts.Hour >= 0)
        {
            parts.Hour = (parts.Hour % 12) + (afternoon * 12);
        }

        return text.IsEmpty;
    }

    private static bool TryPart(char letter, int count, string literal, bool adjacent, ref ReadOnlySpan<char> text, ref DateParts parts, ref int afternoon)
    {
        switch (letter)
        {
            case '\'':
                var matches = text.StartsWith(literal, StringComparison.Ordinal);
                text = matches ? text[literal.Length..] : text;
                return matches;
            case 'y' or 'u':
                var ok = TryNumber(ref text, count, count == 4 && !adjacent ? 9 : count, out var year);
                parts.Year = count == 2 ? 2000 + year : year;
                return ok;
            case 'M' when count >= 3: return TryName(ref text, Months, count, out parts.Month) && ++parts.Month > 0;
            case 'M': return TryNumber(ref text, count, 2, out parts.Month);
            case 'd': return TryNumber(ref text, count, 2, out parts.Day);
            case 'D': return TryNumber(ref text, count, 3, out parts.DayOfYear);
            case 'H' or 'h': return TryNumber(ref text, count, 2, out parts.Hour);
            case 'm': return TryNumber(ref text, count, 2, out parts.Minute);
            case 's': return TryNumber(ref text, count, 2, out parts.Second);
            case 'S':
                var fraction = IsoDate.TryDigits(ref text, Math.Min(count, 9), out parts.Nano);
                parts.Nano *= (int)Math.Pow(10, 9 - Math.Min(count, 9));
                return fraction;
            case 'n': return TryNumber(ref text, count, 9, out parts.Nano);
            case 'a':
                afternoon = text.StartsWith("PM", StringComparison.OrdinalIgnoreCase) ? 1 : text.StartsWith("AM", StringComparison.OrdinalIgnoreCase) ? 0 : -1;
                text = afternoon >= 0 ? text[2..] : text;
                return afternoon >= 0;
            case 'E': return TryName(ref text, Weekdays, count < 4 ? 3 : 4, out _);
            default: return TryZone(letter, ref text, ref parts);
        }
    }

    private static bool TryZone(char letter, ref ReadOnlySpan<char> text, ref DateParts parts)
    {
        var end = 0;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '+' or '-' or ':' or '/' or '_'))
        {
            end++;
        }

        var word = text[..end];
        text = text[end..];
        if (TimeZones.TryOffset(word, out var minutes) && word.Length != 2 && (letter != 'x' || word is not "Z"))
        {
            parts.Offset = minutes;
            return true;
        }

        if (letter != 'z' || !TimeZones.TryFind(word.ToString(), out var zone))
        {
            return false;
        }

        parts.Zone = zone;
        return true;
    }

    private static bool TryName(ref ReadOnlySpan<char> text, string[] names, int count, out int index)
    {
        for (index = 0; index < names.Length; index++)
        {
            var name = count >= 4 ? names[index] : names[index][..3];
            if (text.StartsWith(name, StringComparison.Ordinal))
            {
                text = text[name.Length..];
                return true;
            }
        }

        return false;
    }

    private static bool TryNumber(ref ReadOnlySpan<char> text, int least, int most, out int number)
    {
        number = 0;
        var digits = 0;
        while (digits < text.Length && digits < Math.Max(least, most) && char.IsAsciiDigit(text[digits]))
        {
            number = (number * 10) + text[digits++] - '0';
        }

        text = text[digits..];
        return digits >= least;
    }

    public string Format(long utcMillis, TimeZoneInfo zone)
    {
        var offset = CivilTime.Offset(zone, utcMillis);
        var local = utcMillis + offset;
        var days = CivilTime.FloorDiv(local, CivilTime.DayMillis);
        var time = (int)(local - (days * CivilTime.DayMillis));
        var (year, month, day) = CivilTime.Date(days);
        var text = new StringBuilder();
        foreach (var (letter, count, literal) in _parts)
        {
            switch (letter)
            {
                case '\'': text.Append(literal); break;
                case 'y' or 'u': text.Append(count == 2 ? Padded(year % 100, 2) : Padded(year, count)); break;
                case 'M' when count >= 3: text.Append(count == 3 ? Months[month - 1][..3] : Months[month - 1]); break;
                case 'M': text.Append(Padded(month, count)); break;
                case 'd': text.Append(Padded(day, count)); break;
                case 'D': text.Append(Padded(days - CivilTime.Days(year, 1, 1) + 1, count)); break;
                case 'H': text.Append(Padded(time / 3_600_000, count)); break;
                case 'h': text.Append(Padded((((time / 3_600_000) + 11) % 12) + 1, count)); break;
                case 'a': text.Append(time < 43_200_000 ? "AM" : "PM"); break;
                case 'm': text.Append(Padded(time / 60_000 % 60, count)); break;
                case 's': text.Append(Padded(time / 1000 % 60, count)); break;
                case 'S': text.Append((time % 1000).ToString("D3", CultureInfo.InvariantCulture).PadRight(9, '0').AsSpan(0, Math.Min(count, 9))); break;
                case 'n': text.Append(Padded(time % 1000 * 1_000_000L, count)); break;
                case 'E':
                    var weekday = Weekdays[(int)(((days % 7) + 11) % 7)];
                    text.Append(count < 4 ? weekday[..3] : weekday);
                    break;
                default: text.Append(OffsetText(letter, count, (int)(offset / 60_000), zone)); break;
            }
        }

        return text.ToString();
    }

    public static string OffsetText(char letter, int count, int minutes, TimeZoneInfo zone)
    {
        if (minutes == 0 && letter is 'X')
        {
            return "Z";
        }

        if (letter == 'z')
        {
            return zone.Equals(TimeZoneInfo.Utc) ? "Z" : zone.Id;
        }

        var sign = minutes < 0 ? '-' : '+';
        var size = Math.Abs(minutes);
        var colon = (letter is 'X' or 'x' && count is 3 or 5) || (letter == 'Z' && count == 5) ? ":" : "";
        return letter is 'X' or 'x' && count == 1 && size % 60 == 0
            ? $"{sign}{size / 60:D2}"
            : $"{sign}{size / 60:D2}{colon}{size % 60:D2}";
    }

    private static string Padded(long number, int count) => number.ToString(CultureInfo.InvariantCulture).PadLeft(count, '0');
}
