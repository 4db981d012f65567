using System.Globalization;
using System.Text;

namespace DevOpsAgent.Logs.Json;

/// <summary>Undoes JSON's string escapes.</summary>
internal static class JsonText
{
    /// <summary>
    /// Writes the text without escapes; it never gets longer. A lone surrogate becomes U+FFFD. Returns the length, or -1
    /// for an escape that JSON doesn't know.
    /// </summary>
    public static int Unescape(ReadOnlySpan<byte> text, Span<byte> target)
    {
        var written = 0;
        while (true)
        {
            var plain = text.IndexOf((byte)'\\');
            if (plain < 0)
            {
                text.CopyTo(target[written..]);
                return written + text.Length;
            }

            text[..plain].CopyTo(target[written..]);
            written += plain;
            if (plain + 1 >= text.Length)
            {
                return -1;
            }

            var escape = text[plain + 1];
            text = text[(plain + 2)..];
            if (escape == 'u')
            {
                if (!TryUnit(text, out var unit))
                {
                    return -1;
                }

                text = text[4..];
                var rune = Rune.ReplacementChar;
                if (char.IsHighSurrogate(unit) && text.Length >= 6 && text[0] == '\\' && text[1] == 'u'
                    && TryUnit(text[2..], out var second) && Rune.TryCreate(unit, second, out var pair))
                {
                    rune = pair;
                    text = text[6..];
                }
                else if (Rune.TryCreate(unit, out var single))
                {
                    rune = single;
                }

                written += rune.EncodeToUtf8(target[written..]);
                continue;
            }

            var decoded = escape switch
            {
                (byte)'"' or (byte)'\\' or (byte)'/' => escape,
                (byte)'n' => (byte)'\n',
                (byte)'t' => (byte)'\t',
                (byte)'r' => (byte)'\r',
                (byte)'b' => (byte)'\b',
                (byte)'f' => (byte)'\f',
                _ => (byte)0,
            };
            if (decoded == 0)
            {
                return -1;
            }

            target[written++] = decoded;
        }
    }

    private static bool TryUnit(ReadOnlySpan<byte> text, out char unit)
    {
        unit = default;
        if (text.Length < 4 || !ushort.TryParse(text[..4], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            return false;
        }

        unit = (char)value;
        return true;
    }
}
