using DevOpsAgent.Exec.Acl;
using FsCheck;
using FsCheck.Fluent;

namespace DevOpsAgent.Tests.Exec.Acl;

public sealed class AclTokenTests
{
    [Theory]
    [InlineData("status", "status", true)]
    [InlineData("status", "Status", false)]
    [InlineData("", "", true)]
    [InlineData("<INT>", "1", true)]
    [InlineData("<INT>", "999999", true)]
    [InlineData("<INT>", "1000000", false)]
    [InlineData("<INT>", "0", false)]
    [InlineData("<INT>", "01", false)]
    [InlineData("<INT>", "-1", false)]
    [InlineData("<INT>", "+1", false)]
    [InlineData("<INT>", " 1", false)]
    [InlineData("<INT>", "1\n", false)]
    [InlineData("<INT>", "\u0661", false)] // an Arabic-Indic digit
    [InlineData("<INT>", "", false)]
    [InlineData("<URL_PATH>", "/", true)]
    [InlineData("<URL_PATH>", "/a/b-c_d.e/9", true)]
    [InlineData("<URL_PATH>", "a", false)]
    [InlineData("<URL_PATH>", "", false)]
    [InlineData("<URL_PATH>", "/../etc/passwd", false)]
    [InlineData("<URL_PATH>", "/a..b", false)]
    [InlineData("<URL_PATH>", "/a?b", false)]
    [InlineData("<URL_PATH>", "/a%2e%2e", false)]
    [InlineData("<URL_PATH>", "/\u00e4", false)]
    [InlineData("<URL_PATH>", "/a@evil.example", false)]
    [InlineData("http://127.0.0.1:12600<URL_PATH>", "http://127.0.0.1:12600/health", true)]
    [InlineData("http://127.0.0.1:12600<URL_PATH>", "http://127.0.0.1:12600.evil.example/", false)]
    [InlineData("http://127.0.0.1:12600<URL_PATH>", "http://127.0.0.1:12600", false)]
    [InlineData("http://127.0.0.1:12600<URL_PATH>", "x http://127.0.0.1:12600/health", false)]
    public void A_token_matches_its_form_alone(string written, string value, bool matches) => Token(written).Matches(value).ShouldBe(matches);

    [Fact]
    public void A_path_has_at_most_257_characters_without_its_prefix()
    {
        var longest = "/" + new string('a', 256);
        Token("<URL_PATH>").Matches(longest).ShouldBeTrue();
        Token("<URL_PATH>").Matches(longest + "a").ShouldBeFalse();
        Token("http://h<URL_PATH>").Matches("http://h" + longest).ShouldBeTrue();
    }

    [Theory]
    [InlineData("<int>")]
    [InlineData("<FILE>")]
    [InlineData("a<INT>")]
    [InlineData("<INT>a")]
    [InlineData("<URL_PATH>a")]
    [InlineData("<URL_PATH><URL_PATH>")]
    [InlineData("<INT><URL_PATH>")]
    [InlineData("a>b")]
    [InlineData("<")]
    [InlineData("a|b")]
    [InlineData("$HOME")]
    [InlineData("a\nb")]
    public void Any_other_bracket_or_a_metacharacter_is_a_load_error(string written)
    {
        AclToken.TryParse(written, out _, out var error).ShouldBeFalse();
        error.ShouldNotBeEmpty();
    }

    [Fact]
    public void Nothing_with_a_metacharacter_ever_passes_any_token()
    {
        var tokens = new[] { "<INT>", "<URL_PATH>", "http://127.0.0.1<URL_PATH>", "status", "--lines=<URL_PATH>" }.Select(Token).ToList();
        var metacharacters = Gen.Elements(';', '|', '&', '>', '<', '`', '$', '\n', '\0');
        var hostile = from value in Near()
                      from at in Gen.Choose(0, value.Length)
                      from bad in metacharacters
                      select value.Insert(at, bad.ToString());
        Prop.ForAll(hostile.ToArbitrary(), value => AclToken.HasMetacharacter(value) && !tokens.Exists(t => t.Matches(value))).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void What_passes_has_the_written_form_by_another_reading_of_it()
    {
        var number = new System.Text.RegularExpressions.Regex("^[1-9][0-9]{0,5}\\z", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1));
        var path = new System.Text.RegularExpressions.Regex("^/[A-Za-z0-9/_.-]{0,256}\\z", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1));
        var prefixed = Token("http://127.0.0.1<URL_PATH>");
        Prop.ForAll(Near().ToArbitrary(), value =>
        {
            var isPath = path.IsMatch(value) && !value.Contains("..", StringComparison.Ordinal);
            return Token("<INT>").Matches(value) == number.IsMatch(value)
                && Token("<URL_PATH>").Matches(value) == isPath
                && prefixed.Matches("http://127.0.0.1" + value) == isPath
                && !prefixed.Matches(value + "/");
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Lengths_must_match()
    {
        using var program = Open("/bin/true");
        var command = new AclCommand([Token("/bin/true"), Token("<INT>")], program);
        command.Matches(["/bin/true", "1"]).ShouldBeTrue();
        command.Matches(["/bin/true"]).ShouldBeFalse();
        command.Matches(["/bin/true", "1", "1"]).ShouldBeFalse();
        command.Matches([]).ShouldBeFalse();
    }

    /// <summary>Texts close to what is allowed: from its alphabet, with its separators, now and then with something else.</summary>
    private static Gen<string> Near()
    {
        var usual = Gen.Elements("/", ".", "..", "-", "_", "a", "Z", "0", "7", "19", "//");
        var odd = Gen.Elements(" ", "\r", "\t", "%", "?", "#", "@", ":", "\\", "\u00e9", "\u0660", "\u200b", "~", "\"", "'");
        var piece = Gen.Frequency((12, usual), (1, odd));
        return piece.ListOf().Select(static pieces => string.Concat(pieces));
    }

    private static AclToken Token(string written) =>
        AclToken.TryParse(written, out var token, out var error) ? token : throw new FormatException(error);

    private static PinnedFile Open(string path) =>
        PinnedFile.TryOpen(path, "", null, out var file, out var error) ? file! : throw new FormatException(error);
}
