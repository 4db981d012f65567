using System.Globalization;
using System.Text;

namespace DevOpsAgent.RuntimeGuard.Alerts;

/// <summary>
/// Text of guarded processes (file names, addresses) for lines and mails. Attack: a file name with a line break would add a line
/// of its own to a log, or a header to a mail; bidirectional marks would turn what a person reads.
/// </summary>
internal static class PlainText
{
    /// <summary>What can't be seen is shown by its code, "&lt;U+000A&gt;"; cut to so many characters.</summary>
    public static string Of(string text, int max = 1_000)
    {
        var plain = new StringBuilder(Math.Min(text.Length, max));
        foreach (var rune in text.EnumerateRunes())
        {
            if (plain.Length >= max)
            {
                return plain.Append('…').ToString();
            }

            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate or UnicodeCategory.OtherNotAssigned)
            {
                plain.Append(CultureInfo.InvariantCulture, $"<U+{rune.Value:X4}>");
            }
            else
            {
                plain.Append(rune.ToString());
            }
        }

        return plain.ToString();
    }
}
