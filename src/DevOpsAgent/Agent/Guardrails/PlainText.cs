using System.Globalization;
using System.Text;

namespace DevOpsAgent.Agent.Guardrails;

/// <summary>
/// A text as a model would read it, whatever hides it: percent and HTML escapes undone, base64 read, invisible characters and
/// terminal sequences dropped, look-alike letters made plain, lower case.
/// </summary>
internal static class PlainText
{
    private const int Rounds = 3;
    private const int LeastBase64 = 16;

    /// <summary>Cyrillic and Greek letters that look like Latin ones, and what they look like.</summary>
    private const string Alike = "аaеeоoрpсcуyхxіiјjѕsԁdһhԛqԝwӏlкkмmтtнhвbгrпnлlзzчuбbдdοoαaεeιiκkνvρpτtυuχxγyωwɑaɡgıi";

    /// <summary>The text, and what its base64 runs say.</summary>
    public static IEnumerable<string> Readings(string text)
    {
        var plain = Unescape(text);
        yield return Fold(plain);
        foreach (var hidden in Base64(plain))
        {
            yield return Fold(Unescape(hidden));
        }
    }

    /// <summary>Only letters and digits: spaces, dashes and dots between letters hide nothing.</summary>
    public static void Squeeze(string folded, StringBuilder into)
    {
        foreach (var c in folded)
        {
            if (char.IsLetterOrDigit(c))
            {
                into.Append(c);
            }
        }
    }

    private static string Unescape(string text)
    {
        for (var round = 0; round < Rounds; round++)
        {
            var before = text;
            if (text.Contains('%', StringComparison.Ordinal))
            {
                text = Uri.UnescapeDataString(text);
            }

            if (text.Contains('&', StringComparison.Ordinal) && text.Contains(';', StringComparison.Ordinal))
            {
                text = System.Net.WebUtility.HtmlDecode(text);
            }

            if (text.Contains('\\', StringComparison.Ordinal))
            {
                text = Backslashes(text);
            }

            if (ReferenceEquals(before, text) || text == before)
            {
                break;
            }
        }

        return text;
    }

    // What stands for i in logs and JSON: backslash u0069, backslash x69; so they write what can't be shown.
    private static string Backslashes(string text)
    {
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var digits = text[i] == '\\' && i + 1 < text.Length ? text[i + 1] switch { 'u' => 4, 'x' => 2, _ => 0 } : 0;
            if (digits > 0 && i + 2 + digits <= text.Length && int.TryParse(text.AsSpan(i + 2, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
            {
                result.Append((char)code);
                i += 1 + digits;
            }
            else
            {
                result.Append(text[i]);
            }
        }

        return result.ToString();
    }

    private static string Fold(string text)
    {
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is >= ' ' and <= '~')
            {
                result.Append(char.ToLowerInvariant(c));
                continue;
            }

            // ESC [ 31 m and the like: whatever a terminal would swallow.
            if (c is '\u001b' or '\u009b')
            {
                i = SkipSequence(text, c == '\u001b' ? i + 1 : i);
                continue;
            }

            if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                Letter(char.ConvertToUtf32(c, text[++i]), result);
                continue;
            }

            if (c is >= '\uFF01' and <= '\uFF5E')
            {
                result.Append(char.ToLowerInvariant((char)(c - 0xFEE0)));
                continue;
            }

            var lower = char.ToLowerInvariant(c);
            var alike = Alike.IndexOf(lower, StringComparison.Ordinal);
            if (alike >= 0 && alike % 2 == 0)
            {
                result.Append(Alike[alike + 1]);
            }
            else if (c is '\n' or '\r' or '\t' or '\u2028' or '\u2029' or '\u0085')
            {
                result.Append('\n');
            }
            else if (CharUnicodeInfo.GetUnicodeCategory(c) is not (UnicodeCategory.Format or UnicodeCategory.Control or UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Surrogate))
            {
                result.Append(CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.SpaceSeparator ? ' ' : lower);
            }
        }

        return result.ToString();
    }

    /// <summary>Letters of the mathematical alphabets (U+1D400 on, 26 capitals and 26 small ones in turn) and tag characters.</summary>
    private static void Letter(int rune, StringBuilder result)
    {
        if (rune is >= 0x1D400 and <= 0x1D6A3)
        {
            result.Append((char)('a' + ((rune - 0x1D400) % 26)));
        }
        else if (rune is >= 0xE0020 and <= 0xE007E)
        {
            // Tag characters spell ASCII that no screen shows, and that models read.
            result.Append(char.ToLowerInvariant((char)(rune - 0xE0000)));
        }
    }

    private static int SkipSequence(string text, int at)
    {
        if (at >= text.Length || text[at] is not ('[' or '\u009b'))
        {
            return at;
        }

        for (at++; at < text.Length && text[at] is >= ' ' and < '@'; at++)
        {
        }

        return at;
    }

    private static IEnumerable<string> Base64(string text)
    {
        for (var i = 0; i < text.Length;)
        {
            var start = i;
            while (i < text.Length && (char.IsAsciiLetterOrDigit(text[i]) || text[i] is '+' or '/' or '-' or '_'))
            {
                i++;
            }

            // A path is made of the same characters: each start within the first bytes may be the right one.
            for (var from = start; i - from >= LeastBase64 && from <= start + 1; from++)
            {
                if (Decode(text.AsSpan(from, i - from)) is { } hidden)
                {
                    yield return hidden;
                }
            }

            foreach (var part in text[start..i].Split('/'))
            {
                if (part.Length >= LeastBase64 && part.Length < i - start && Decode(part) is { } hidden)
                {
                    yield return hidden;
                }
            }

            i = Math.Max(i, start + 1);
        }
    }

    private static string? Decode(ReadOnlySpan<char> run)
    {
        var standard = run.ToString().Replace('-', '+').Replace('_', '/');
        standard = standard[..(standard.Length - (standard.Length % 4 == 1 ? 1 : 0))];
        standard = standard.PadRight((standard.Length + 3) / 4 * 4, '=');
        var bytes = new byte[standard.Length];
        if (!Convert.TryFromBase64String(standard, bytes, out var length) || length < 8)
        {
            return null;
        }

        var printable = 0;
        for (var i = 0; i < length; i++)
        {
            printable += bytes[i] is >= 0x20 and < 0x7F or (byte)'\n' ? 1 : 0;
        }

        return printable >= length * 0.9 ? Encoding.UTF8.GetString(bytes, 0, length) : null;
    }
}
