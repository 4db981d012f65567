using DevOpsAgent.Incidents;

namespace DevOpsAgent.Tests.Incidents;

public sealed class TransitionsTests
{
    [Theory]
    [InlineData(null, "open recommended allowed")]
    [InlineData("open", "recommended rejected allowed expired")]
    [InlineData("recommended", "open approved rejected allowed expired")]
    [InlineData("approved", "recommended blocked allowed expired failed")]
    [InlineData("blocked", "recommended allowed expired failed")]
    [InlineData("failed", "recommended approved blocked rejected allowed expired")]
    [InlineData("rejected", "open recommended allowed")]
    [InlineData("allowed", "")]
    [InlineData("expired", "")]
    public void What_may_follow(string? from, string to)
    {
        IncidentStatus? status = from is null ? null : Enum.Parse<IncidentStatus>(from, ignoreCase: true);
        string.Join(' ', Enum.GetValues<IncidentStatus>().Where(s => Transitions.IsLegal(status, s)).Select(static s => s.ToString().ToLowerInvariant())).ShouldBe(to);
    }

    [Fact]
    public void An_illegal_one_is_named() =>
        Should.Throw<ArgumentException>(static () => Transitions.Require(IncidentStatus.Rejected, IncidentStatus.Blocked)).Message.ShouldContain("from Rejected to Blocked");
}
