using DevOpsAgent.Blocking;

namespace DevOpsAgent.Tests.Blocking;

public sealed class TtlPolicyTests
{
    [Theory]
    [InlineData(1, 4)]
    [InlineData(2, 8)]
    [InlineData(3, 16)]
    [InlineData(7, 168)]
    [InlineData(1_000_000, 168)]
    public void It_doubles_up_to_the_cap(int offence, int hours) =>
        TtlPolicy.For(TimeSpan.FromHours(4), offence, TimeSpan.FromDays(7)).ShouldBe(TimeSpan.FromHours(hours));
}
