using DevOpsAgent.Incidents;

namespace DevOpsAgent.EndToEnd;

/// <summary>cat access.log | devops-agent --log -</summary>
[Collection(ProcessTests.Name)]
public sealed class StdinTests
{
    [Fact]
    public async Task Everything_on_standard_input_is_stored_and_acted_on_before_the_end()
    {
        await using var rig = new AgentRig();
        var at = AgentRig.Now;
        var input = string.Join('\n',
            LogLine.Visits("198.51.100.4", 5000, at)
                .Concat(LogLine.Harvest("203.0.113.7", 15, at))
                .Append("not a log line")
                .Concat(LogLine.Harvest("203.0.113.7", 1, at + TimeSpan.FromMinutes(6)))) + "\n" + LogLine.Harvest("203.0.113.8", 12, at).Aggregate(static (a, b) => a + "\n" + b);
        var (exit, _, errors) = await AgentProcess.RunAsync(["--config", rig.Config, "--log", "-"], input: input);
        exit.ShouldBe(0, errors);
        errors.ShouldContain("standard input");
        var incident = rig.Find("203.0.113.7").ShouldNotBeNull();
        incident.Evidence.Matched.ShouldBe(16);
        incident.Status.ShouldBe(IncidentStatus.Blocked);
        rig.Denied.ShouldContain("`203.0.113.7`");
        rig.Denied.ShouldContain("`203.0.113.8`", customMessage: "the last line has no line feed");
        rig.Store.GetActions(null, openOnly: true, 10).ShouldBeEmpty();
    }

    [Fact]
    public async Task Empty_input_ends_at_once()
    {
        await using var rig = new AgentRig();
        var (exit, _, errors) = await AgentProcess.RunAsync(["--config", rig.Config, "--log", "-"], input: "");
        exit.ShouldBe(0, errors);
        File.Exists(rig.DenyFile).ShouldBeFalse();
    }
}
