using System.Globalization;
using System.Text;

namespace DevOpsAgent.LogStore.Analysis;

/// <summary>One word of a text, lower-cased. Offsets are UTF-16 units of the text.</summary>
internal readonly record struct Token(string Text, int Start, int End, string Type);

/// <summary>
/// Elasticsearch's standard analyzer: Unicode word boundaries (UAX #29), lower case. A dot between letters or between digits
/// doesn't part them, so an IPv4 address is one word and <c>.env.production</c> is <c>env.production</c>.
/// </summary>
internal static class StandardTokenizer
{
    private const int MaxLength = 255;

    private enum Class : byte
    {
        Other,
        Letter,
        Digit,
        Connector,
        Katakana,
        Ideograph,
        Hiragana,
        SoutheastAsian,
        Hangul,
        MidLetter,
        MidNumber,
        MidBoth,
        Extend,
        Emoji,
    }

    public static List<Token> Tokens(string text)
    {
        var tokens = new List<Token>();
        for (var i = 0; i < text.Length;)
        {
            var start = i;
            var first = Next(text, ref i);
            switch (first)
            {
                case Class.Ideograph: Emit(tokens, text, start, SkipExtends(text, ref i), "<IDEOGRAPHIC>"); break;
                case Class.Hiragana: Emit(tokens, text, start, SkipExtends(text, ref i), "<HIRAGANA>"); break;
                case Class.Emoji: Emit(tokens, text, start, SkipEmoji(text, ref i), "<EMOJI>"); break;
                case Class.SoutheastAsian: Emit(tokens, text, start, Run(text, ref i, Class.SoutheastAsian), "<SOUTHEAST_ASIAN>"); break;
                case Class.Letter or Class.Digit or Class.Connector or Class.Katakana or Class.Hangul: Word(tokens, text, start, first, ref i); break;
            }
        }

        return tokens;
    }

    private static void Word(List<Token> tokens, string text, int start, Class first, ref int i)
    {
        var last = first;
        var seen = 1 << (int)first;
        SkipExtends(text, ref i);
        while (i < text.Length)
        {
            var at = i;
            var next = Next(text, ref i);
            if (next is Class.MidLetter or Class.MidNumber or Class.MidBoth)
            {
                SkipExtends(text, ref i);
                var after = i < text.Length ? Peek(text, i) : Class.Other;
                var joins = (last is Class.Letter or Class.Hangul && after is Class.Letter or Class.Hangul && next != Class.MidNumber) || (last == Class.Digit && after == Class.Digit && next != Class.MidLetter);
                if (!joins)
                {
                    i = at;
                    break;
                }

                next = Next(text, ref i);
            }
            else if (!Joins(last, next))
            {
                i = at;
                break;
            }

            SkipExtends(text, ref i);
            last = next;
            seen |= 1 << (int)next;
        }

        const int Letters = (1 << (int)Class.Letter) | (1 << (int)Class.Hangul);
        const int Digits = 1 << (int)Class.Digit;
        const int Kana = 1 << (int)Class.Katakana;
        if ((seen & (Letters | Digits | Kana)) == 0)
        {
            return;
        }

        var type = (seen & ~(Digits | (1 << (int)Class.Connector))) == 0 ? "<NUM>" : (seen & (Letters | Digits)) == 0 ? "<KATAKANA>"
            : (seen & ~(1 << (int)Class.Hangul)) == 0 ? "<HANGUL>" : "<ALPHANUM>";
        Emit(tokens, text, start, i, type);
    }

    private static bool Joins(Class last, Class next) => next switch
    {
        Class.Letter or Class.Digit or Class.Hangul => last is Class.Letter or Class.Digit or Class.Connector or Class.Hangul,
        Class.Connector => true,
        Class.Katakana => last is Class.Katakana or Class.Connector,
        _ => false,
    };

    private static int Run(string text, ref int i, Class kind)
    {
        while (i < text.Length)
        {
            var at = i;
            if (Next(text, ref i) is var next && next != kind && next != Class.Extend)
            {
                i = at;
                break;
            }
        }

        return i;
    }

    private static int SkipExtends(string text, ref int i) => Run(text, ref i, Class.Extend);

    private static int SkipEmoji(string text, ref int i)
    {
        SkipExtends(text, ref i);
        while (i > 0 && i < text.Length && text[i - 1] == '\u200D' && Peek(text, i) == Class.Emoji)
        {
            Next(text, ref i);
            SkipExtends(text, ref i);
        }

        return i;
    }

    /// <summary>Words longer than <see cref="MaxLength"/> are cut into pieces.</summary>
    private static void Emit(List<Token> tokens, string text, int start, int end, string type)
    {
        while (end - start > MaxLength)
        {
            var cut = start + MaxLength - (char.IsHighSurrogate(text[start + MaxLength - 1]) ? 1 : 0);
            tokens.Add(new(Lower(text.AsSpan(start, cut - start)), start, cut, type));
            start = cut;
        }

        tokens.Add(new(Lower(text.AsSpan(start, end - start)), start, end, type));
    }

    public static string Lower(ReadOnlySpan<char> text)
    {
        if (text.IndexOfAnyExceptInRange('\0', '\x7F') < 0)
        {
            return string.Create(text.Length, text, static (target, source) => Ascii.ToLower(source, target, out _));
        }

        var lower = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            lower.Append(Rune.ToLowerInvariant(rune).ToString());
        }

        return lower.ToString();
    }

    private static Class Peek(string text, int at) => Next(text, ref at);

    private static Class Next(string text, ref int i)
    {
        var c = text[i];
        if (c < 128)
        {
            i++;
            return c switch
            {
                >= 'a' and <= 'z' or >= 'A' and <= 'Z' => Class.Letter,
                >= '0' and <= '9' => Class.Digit,
                '_' => Class.Connector,
                ':' => Class.MidLetter,
                ',' or ';' => Class.MidNumber,
                '.' or '\'' => Class.MidBoth,
                _ => Class.Other,
            };
        }

        if (!Rune.TryGetRuneAt(text, i, out var rune))
        {
            i++;
            return Class.Other;
        }

        i += rune.Utf16SequenceLength;
        return Of(rune);
    }

    private static Class Of(Rune rune)
    {
        var value = rune.Value;
        switch (value)
        {
            case 0xB7 or 0x387 or 0x55F or 0x5F4 or 0x2027 or 0xFE13 or 0xFE55 or 0xFF1A: return Class.MidLetter;
            case 0x37E or 0x589 or 0x60C or 0x60D or 0x66C or 0x7F8 or 0x2044 or 0xFE10 or 0xFE14 or 0xFE50 or 0xFE54 or 0xFF0C or 0xFF1B: return Class.MidNumber;
            case 0x2018 or 0x2019 or 0x2024 or 0xFE52 or 0xFF07 or 0xFF0E: return Class.MidBoth;
            case >= 0x3041 and <= 0x3096 or >= 0x309D and <= 0x309F: return Class.Hiragana;
            case >= 0x30A1 and <= 0x30FA or >= 0x30FC and <= 0x30FF or >= 0x31F0 and <= 0x31FF or >= 0xFF66 and <= 0xFF9D: return Class.Katakana;
            case >= 0x2E80 and <= 0x2FD5 or 0x3005 or 0x3007 or >= 0x3021 and <= 0x3029 or >= 0x3400 and <= 0x4DBF or >= 0x4E00 and <= 0x9FFF or >= 0xF900 and <= 0xFAFF or >= 0x20000 and <= 0x3FFFF: return Class.Ideograph;
            case >= 0x1100 and <= 0x11FF or >= 0x3131 and <= 0x318E or >= 0xA960 and <= 0xA97C or >= 0xAC00 and <= 0xD7FB: return Class.Hangul;
            case >= 0xE01 and <= 0xEFF or >= 0x1000 and <= 0x109F or >= 0x1780 and <= 0x17FF: return Class.SoutheastAsian;
            case >= 0x1F300 and <= 0x1FAFF or >= 0x2600 and <= 0x27BF or 0x2B50 or 0x2B55 or 0x231A or 0x231B: return Class.Emoji;
        }

        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber => Class.Letter,
            UnicodeCategory.DecimalDigitNumber => Class.Digit,
            UnicodeCategory.ConnectorPunctuation => Class.Connector,
            UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format => Class.Extend,
            _ => Class.Other,
        };
    }
}
