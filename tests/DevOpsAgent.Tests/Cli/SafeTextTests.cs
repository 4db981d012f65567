using System.Globalization;
using System.Text;
using DevOpsAgent.App.Cli;
using FsCheck;
using FsCheck.Fluent;

namespace DevOpsAgent.Tests.Cli;

/// <summary>
/// The attack: a client asks for "/\x1b]0;owned\x07\x1b[2J\x1b[1A203.0.113.9 allowed" or names itself with a right-to-left
/// override. Whoever lists incidents on a terminal would see a cleared screen, a forged row, or a different address; a
/// terminal that answers queries would even type for them.
/// </summary>
public sealed class SafeTextTests
{
    [Theory]
    [InlineData("/\u001b[2J/.env", "/\\x1b[2J/.env")]
    [InlineData("\u001b]52;c;cm0gLXJmIH4=\u0007", "\\x1b]52;c;cm0gLXJmIH4=\\x07")]
    [InlineData("a\r\nincident 7 rejected", "a\\r\\nincident 7 rejected")]
    [InlineData("\u009b31m", "\\x9b31m")]
    [InlineData("7.311.\u202e0.302", "7.311.\\u202e0.302")]
    [InlineData("adm\u200bin\u2066\ufeff", "adm\\u200bin\\u2066\\ufeff")]
    [InlineData("e\u0301\u0301\u0301", "e\\u0301\\u0301\\u0301")]
    [InlineData("\U000E0041", "\\U000e0041")]
    [InlineData("\u3164\u2800\u00a0", "\\u3164\\u2800\\xa0")]
    [InlineData("/größe/日本", "/größe/日本")]
    [InlineData(null, "")]
    public void What_is_not_visible_is_escaped(string? text, string expected) => SafeText.Of(text).ShouldBe(expected);

    [Fact]
    public void Half_a_character_is_escaped() => SafeText.Of("a" + (char)0xD83D + "b").ShouldBe("a\\ud83db");

    [Fact]
    public void Line_feeds_of_our_own_stay_and_nothing_else() => SafeText.Lines("- a\r\n+ b\u001b[2J").ShouldBe("- a\\r\n+ b\\x1b[2J");

    [Theory]
    [InlineData("abcdef", 6, "abcdef")]
    [InlineData("abcdefg", 6, "abcde…")]
    [InlineData("日本語日本語", 6, "日本…")]
    [InlineData("\u001b\u001b", 6, "\\x1b\\…")]
    public void Cut_counts_columns_of_the_screen(string text, int columns, string expected) => SafeText.Cut(text, columns).ShouldBe(expected);

    [Fact]
    public void Nothing_but_visible_characters_ever_comes_out() => Prop.ForAll(
        Gen.Choose(0, 0xFFFF).Select(static n => (char)n).ListOf().Select(static l => string.Concat(l)).ToArbitrary(),
        static text => SafeText.Of(text).EnumerateRunes().All(static r => r.Value >= ' ' && Rune.GetUnicodeCategory(r) is not
            (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.LineSeparator))
            && SafeText.Columns(SafeText.Cut(text, 20)) <= 20).QuickCheckThrowOnFailure();
}
