using DevOpsAgent.LogStore.Analysis;

namespace DevOpsAgent.Tests.LogStore.Analysis;

public sealed class StandardTokenizerTests
{
    [Theory]
    [InlineData("/wp-config.php.bak?x=%2e%2e/.env", "wp|config.php.bak|x|2e|2e|env")]
    [InlineData("203.0.113.7:443 2001:db8:bad::1", "203.0.113.7|443|2001|db8|bad|1")]
    [InlineData("it's café_x 1,000.5", "it's|café_x|1,000.5")]
    [InlineData("_ __ _a a_", "_a|a_")]
    [InlineData("日本 カタカナ ひ", "日|本|カタカナ|ひ")]
    [InlineData("a.b.c 1.a a.1", "a.b.c|1|a|a|1")]
    [InlineData("", "")]
    [InlineData("…!?", "")]
    public void Words_are_cut_as_Elasticsearch_does(string text, string words) => StandardTokenizer.Tokens(text).Select(static t => t.Text).ShouldBe(words.Split('|', StringSplitOptions.RemoveEmptyEntries));

    [Fact]
    public void Very_long_words_are_cut_into_pieces() => StandardTokenizer.Tokens(new string('a', 600)).Select(static t => t.Text.Length).ShouldBe([255, 255, 90]);
}
