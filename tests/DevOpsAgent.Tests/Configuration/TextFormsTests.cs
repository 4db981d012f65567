using DevOpsAgent.Configuration;
using FsCheck;
using FsCheck.Fluent;

namespace DevOpsAgent.Tests.Configuration;

public sealed class TextFormsTests
{
    [Theory]
    [InlineData("90s", 90)]
    [InlineData("30m", 1800)]
    [InlineData("4h", 14400)]
    [InlineData("7d", 604800)]
    [InlineData("1h30m", 5400)]
    public void Durations(string text, int seconds)
    {
        DurationText.TryParse(text, out var duration).ShouldBeTrue();
        duration.ShouldBe(TimeSpan.FromSeconds(seconds));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("4")]
    [InlineData("h")]
    [InlineData("-4h")]
    [InlineData("4 h")]
    [InlineData("4H")]
    [InlineData("4h ")]
    [InlineData("1.5h")]
    [InlineData("3651d")]
    [InlineData("3650d1ms")]
    [InlineData("99999999999999999999d")]
    [InlineData("9999999999d9999999999d")]
    public void No_durations(string? text) => DurationText.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void A_duration_reads_back_as_it_was_written() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue).Select(static ms => TimeSpan.FromMilliseconds(ms)).ToArbitrary(),
        static duration => DurationText.TryParse(DurationText.Of(duration), out var read) && read == duration).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("150MB", 150L << 20)]
    [InlineData("64KiB", 64L << 10)]
    [InlineData("1gb", 1L << 30)]
    [InlineData("4096", 4096)]
    [InlineData("4096B", 4096)]
    public void Sizes(string text, long bytes)
    {
        SizeText.TryParse(text, out var size).ShouldBeTrue();
        size.ShouldBe(bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("MB")]
    [InlineData("-1MB")]
    [InlineData("1.5MB")]
    [InlineData("1 MB")]
    [InlineData("9999999999999GB")]
    [InlineData("1TB")]
    public void No_sizes(string text) => SizeText.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void A_size_reads_back_as_it_was_written() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue).Select(static n => (long)n).ToArbitrary(),
        static size => SizeText.TryParse(SizeText.Of(size), out var read) && read == size).QuickCheckThrowOnFailure();

    [Fact]
    public void Escaped_text_expands_to_itself() => Prop.ForAll(
        Gen.Elements("$", "{", "}", "a", ":-", "$${").ListOf().Select(string.Concat).ToArbitrary(),
        static text => Interpolation.TryExpand(Interpolation.Escape(text), new Dictionary<string, string>(StringComparer.Ordinal), out var expanded, out _) && expanded == text).QuickCheckThrowOnFailure();

    [Fact]
    public void Expansion_never_throws() => Prop.ForAll(
        Gen.Elements("$", "{", "}", "A", ":-", "1", "\0").ListOf().Select(string.Concat).ToArbitrary(),
        static text => Interpolation.TryExpand(text, new Dictionary<string, string>(StringComparer.Ordinal) { ["A"] = "x" }, out _, out var error) || error.Length > 0).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("tll", "ttl")]
    [InlineData("ttl", "ttl")]
    [InlineData("TTL", "ttl")]
    [InlineData("entrypoints", "entry_points")]
    [InlineData("xyzzy", null)]
    [InlineData("", null)]
    public void Nearest_names(string written, string? expected) => NearestName.Of(written, ["max_ttl", "ttl", "entry_points"]).ShouldBe(expected);

    [Theory]
    [InlineData("no url at all: a@b", "no url at all: a@b")]
    [InlineData("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x")]
    [InlineData("https://ada:pw@es:9200", "https://ada:***@es:9200")]
    [InlineData("https://token@es", "https://***@es")]
    [InlineData("https://es/?q=1&API_KEY=k#x", "https://es/?q=1&API_KEY=***#x")]
    public void Masks(string text, string expected) => SecretMask.Hide(text).ShouldBe(expected);

    /// <summary>YAML from anywhere: a tree or problems, nothing else.</summary>
    [Fact]
    public void Reading_yaml_never_throws() => Prop.ForAll(
        Gen.Elements("a", ":", " ", "\n", "-", "[", "]", "{", "}", "&x", "*x", "!t", "\"", "'", "|", ">", "?", "%", "@", "\t", "#", ",", "<<", "---", "...", "\u0085").ListOf(12).Select(string.Concat).ToArbitrary(),
        static text =>
        {
            var problems = new List<ConfigProblem>();
            return YamlTree.TryRead(text, "f", problems, out _) || problems.Count > 0;
        }).QuickCheckThrowOnFailure();
}
