using System.Globalization;
using System.Text;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>
/// Text out of a cluster, made safe to keep, to show and to hand to a model: whoever may write one annotation could else move a
/// terminal's cursor, hide a row by bidi overrides, or fill a report with a megabyte of rule.
/// </summary>
internal static class ShownText
{
    /// <summary>UTF-16 units.</summary>
    public const int Most = 240;

    /// <summary>One line without control and format characters, at most <paramref name="most"/> long; what is cut is counted. Never throws.</summary>
    public static string Of(string? text, int most = Most)
    {
        if (string.IsNullOrEmpty(text))
        {
            return "";
        }

        var cut = text.Length > most ? string.Create(CultureInfo.InvariantCulture, $" ... ({text.Length} characters)") : "";
        var kept = text.Length > most ? text[..(most - cut.Length)] : text;
        if (!kept.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            return kept + cut;
        }

        var shown = new StringBuilder(kept.Length);
        foreach (var rune in kept.EnumerateRunes())
        {
            shown.Append(IsVisible(rune) ? rune.ToString() : "\uFFFD");
        }

        return shown.Append(cut).ToString();
    }

    private static bool IsVisible(Rune rune) => rune.Value is >= ' ' and <= '~' || Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator
        or UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.SpacingCombiningMark);
}
