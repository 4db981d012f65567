using DevOpsAgent.Logs.Sources;

namespace DevOpsAgent.Tests.Logs.Sources;

public sealed class RotatedNameTests
{
    [Theory]
    [InlineData("access.log.1", "", 1, false)]
    [InlineData("access.log.12.gz", "", 12, true)]
    [InlineData("access.log-20261121", "20261121", -1, false)]
    [InlineData("access.log-20261121.gz", "20261121", -1, true)]
    [InlineData("access.log.2026-11-21_07", "2026112107", -1, false)]
    [InlineData("access.log.20261121-093000.gz", "20261121093000", -1, true)]
    [InlineData("access-20261121.log", "20261121", -1, false)]
    [InlineData("access.1.log.gz", "", 1, true)]
    public void Knows_rotated_files(string name, string date, int counter, bool compressed)
    {
        RotatedName.TryParse("access.log", name, out var rotated).ShouldBeTrue();
        rotated.ShouldBe(new RotatedName(date, counter, compressed));
    }

    [Theory]
    [InlineData("access.log")]
    [InlineData("access.log.")]
    [InlineData("access.log.gz")]
    [InlineData("access.log.bak")]
    [InlineData("access.log.1.zst")]
    [InlineData("access.log1")]
    [InlineData("access-api.log")]
    [InlineData("other.log.1")]
    public void Knows_what_is_none(string name) => RotatedName.TryParse("access.log", name, out _).ShouldBeFalse();

    [Theory]
    [InlineData("a.10", "a.9")]
    [InlineData("a-20261120", "a-20261121.gz")]
    [InlineData("a-20261121.1", "a-20261122")]
    public void Orders_by_age(string older, string younger)
    {
        RotatedName.TryParse("a", older, out var first).ShouldBeTrue();
        RotatedName.TryParse("a", younger, out var second).ShouldBeTrue();
        RotatedName.CompareAge(first, second)!.Value.ShouldBeLessThan(0);
        RotatedName.CompareAge(second, first)!.Value.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void A_counter_and_a_date_cannot_be_compared() =>
        RotatedName.CompareAge(new("", 1, false), new("20261121", -1, false)).ShouldBeNull();
}
