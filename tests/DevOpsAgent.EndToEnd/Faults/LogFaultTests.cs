using DevOpsAgent.Incidents;

namespace DevOpsAgent.EndToEnd.Faults;

/// <summary>Logs that are missing, unreadable, strange, or dated wrongly.</summary>
[Collection(ProcessTests.Name)]
public sealed class LogFaultTests
{
    [Fact]
    public async Task A_log_that_is_not_there_yet_is_waited_for()
    {
        await using var rig = new AgentRig(web: true);
        File.Delete(rig.Log);
        var agent = await rig.StartAsync();
        (await rig.ReadyAsync(agent, 503, "source ")).ShouldContain(rig.Log);
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        await rig.DeniedAsync("203.0.113.7");
        await rig.ReadyAsync(agent, 200);
    }

    [Fact]
    public async Task A_directory_as_log_is_reported_and_the_other_log_is_followed()
    {
        await using var rig = new AgentRig(web: true);
        var folder = Directory.CreateDirectory(Path.Combine(rig.Folder, "folder.log")).FullName;
        var agent = await rig.StartAsync("--log", folder, "--log", rig.Log);
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        await rig.DeniedAsync("203.0.113.7");
        var status = await Eventually.Some(
            async () => (await AgentRig.GetAsync(agent, "/api/status")).Body is var body && body.Contains("directory", StringComparison.Ordinal) ? body : null,
            "the status names the directory");
        status.ShouldContain(folder);
    }

    [Fact]
    public async Task A_directory_as_the_only_log_is_not_ready_and_says_why()
    {
        await using var rig = new AgentRig(web: true);
        File.Delete(rig.Log);
        Directory.CreateDirectory(rig.Log);
        var agent = await rig.StartAsync();
        (await rig.ReadyAsync(agent, 503, rig.Log)).ShouldContain("directory");
    }

    [Fact]
    public async Task Unreadable_lines_are_counted_by_reason_and_detection_goes_on()
    {
        await using var rig = new AgentRig(web: true);
        var agent = await rig.StartAsync();
        rig.Append(["{\"ClientHost\": ", "\0\0\0\u0001binary", new string('x', 200_000), "{}", "hello"]);
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        await rig.DeniedAsync("203.0.113.7");
        var metrics = (await AgentRig.GetAsync(agent, "/metrics")).Body;
        metrics.Split('\n').Count(static l => l.Contains("unparsed", StringComparison.Ordinal) && l.Contains("reason=", StringComparison.Ordinal) && !l.EndsWith(" 0", StringComparison.Ordinal)).ShouldBeGreaterThan(1, metrics);
    }

    [Fact]
    public async Task Lines_of_another_century_do_not_stop_detection()
    {
        await using var rig = new AgentRig();
        await rig.StartAsync();
        rig.Append([LogLine.Json("198.51.100.9", "/.env", 404, new(2099, 1, 1, 0, 0, 0, TimeSpan.Zero)), LogLine.Json("198.51.100.9", "/.git/config", 404, new(1999, 1, 1, 0, 0, 0, TimeSpan.Zero))]);
        rig.Append(LogLine.Visits("198.51.100.4", 30, AgentRig.Now));
        rig.Append(LogLine.Harvest("203.0.113.7", 6, AgentRig.Now));

        // Of the attacker himself too: a jump must not push his own requests out of the window for good.
        rig.Append([LogLine.Json("203.0.113.8", "/.env", 404, new(2099, 1, 1, 0, 0, 0, TimeSpan.Zero))]);
        rig.Append(LogLine.Harvest("203.0.113.8", 12, AgentRig.Now));
        await rig.DeniedAsync("203.0.113.7");
        await rig.DeniedAsync("203.0.113.8");
        (await rig.IncidentAsync("203.0.113.7", IncidentStatus.Blocked)).DetectedAt.ShouldBeInRange(AgentRig.Now - TimeSpan.FromMinutes(5), AgentRig.Now + TimeSpan.FromMinutes(5));
    }
}
