using System.Globalization;
using System.Text;

namespace DevOpsAgent.App.Cli;

/// <summary>
/// Text from logs, made safe for a terminal. A client chooses its path, user agent and host: with raw control characters
/// in them it could clear the screen of whoever lists incidents, change the window's title, set the clipboard, hide its
/// own row, answer a terminal's query, or (by bidi overrides and zero-width characters) make one address look like
/// another. Whatever is not a visible character is written as an escape: \n, \x1b, \u202e.
/// </summary>
internal static class SafeText
{
    /// <summary>One line of visible characters. Never throws.</summary>
    public static string Of(string? text) => Escape(text, keepLines: false);

    /// <summary>Like <see cref="Of"/>, but line feeds stay: for texts of our own that hold foreign parts, such as a diff.</summary>
    public static string Lines(string? text) => Escape(text, keepLines: true);

    /// <summary>At most <paramref name="columns"/> screen columns; what is cut is shown by an ellipsis.</summary>
    public static string Cut(string? text, int columns)
    {
        var safe = Of(text);
        if (Columns(safe) <= columns)
        {
            return safe;
        }

        var result = new StringBuilder();
        var used = 1;
        foreach (var rune in safe.EnumerateRunes())
        {
            used += Columns(rune);
            if (used > columns)
            {
                break;
            }

            result.Append(rune);
        }

        return result.Append('…').ToString();
    }

    /// <summary>Screen columns of a text that is already safe.</summary>
    public static int Columns(string safe)
    {
        var columns = 0;
        foreach (var rune in safe.EnumerateRunes())
        {
            columns += Columns(rune);
        }

        return columns;
    }

    private static string Escape(string? text, bool keepLines)
    {
        if (string.IsNullOrEmpty(text) || !text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return text ?? "";
        }

        var result = new StringBuilder(text.Length + 8);
        for (var i = 0; i < text.Length;)
        {
            if (!Rune.TryGetRuneAt(text, i, out var rune))
            {
                result.Append(CultureInfo.InvariantCulture, $"\\u{(int)text[i]:x4}"); // half of a surrogate pair
                i++;
                continue;
            }

            i += rune.Utf16SequenceLength;
            if (IsVisible(rune) || (keepLines && rune.Value == '\n'))
            {
                result.Append(rune);
            }
            else
            {
                _ = rune.Value switch
                {
                    '\n' => result.Append("\\n"),
                    '\r' => result.Append("\\r"),
                    '\t' => result.Append("\\t"),
                    <= 0xFF => result.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}"),
                    <= 0xFFFF => result.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}"),
                    _ => result.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}"),
                };
            }
        }

        return result.ToString();
    }

    // Marks are escaped too: dozens of them on one letter paint over the neighbouring rows.
    private static bool IsVisible(Rune rune) => rune.Value is >= ' ' and <= '~' || Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator or UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.SpacingCombiningMark)
        && !IsBlank(rune.Value);

    // Letters by category, yet drawn as nothing: Hangul fillers and the Braille blank.
    private static bool IsBlank(int value) => value is 0x115F or 0x1160 or 0x3164 or 0xFFA0 or 0x2800;

    private static int Columns(Rune rune) => rune.Value is (>= 0x1100 and <= 0x115F) or (>= 0x2E80 and <= 0xA4CF) or (>= 0xAC00 and <= 0xD7A3)
        or (>= 0xF900 and <= 0xFAFF) or (>= 0xFE30 and <= 0xFE6F) or (>= 0xFF00 and <= 0xFF60) or (>= 0xFFE0 and <= 0xFFE6)
        or (>= 0x1F300 and <= 0x1FAFF) or (>= 0x20000 and <= 0x3FFFD) ? 2 : 1;
}
