using System.Diagnostics;
using DevOpsAgent.Incidents;
using DevOpsAgent.Traefik;

namespace DevOpsAgent.EndToEnd.Faults;

/// <summary>The watched directory goes away, comes back, or is edited by somebody else.</summary>
[Collection(ProcessTests.Name)]
public sealed class TargetFaultTests
{
    [Fact]
    public async Task A_directory_that_went_away_is_written_again_when_it_is_back()
    {
        await using var rig = new AgentRig(web: true);
        var agent = await rig.StartAsync();
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        await rig.DeniedAsync("203.0.113.7");
        await rig.IncidentAsync("203.0.113.7", IncidentStatus.Blocked);
        Directory.Delete(rig.Watched, recursive: true);
        rig.Append(LogLine.Harvest("203.0.113.8", 12, AgentRig.Now));
        await agent.WaitForAsync("does not exist");
        (await rig.IncidentAsync("203.0.113.8", IncidentStatus.Failed)).Recommendation.ShouldNotBeNull();
        (await AgentRig.GetAsync(agent, "/api/status")).Body.ShouldContain("\"reachable\":false");
        await rig.ReadyAsync(agent, 503, "does not exist");
        Directory.CreateDirectory(rig.Watched);
        await rig.DeniedAsync("203.0.113.7");
        await agent.WaitForAsync("it was set right");
        await rig.ReadyAsync(agent, 200);
    }

    [Fact]
    public async Task A_directory_that_goes_away_is_noticed_within_seconds_and_repaired_when_it_is_back_without_any_event()
    {
        await using var rig = new AgentRig(web: true);
        var agent = await rig.StartAsync();
        await rig.ReadyAsync(agent, 200);
        var clock = Stopwatch.StartNew();
        Directory.Delete(rig.Watched);
        await rig.ReadyAsync(agent, 503, "does not exist");
        Directory.CreateDirectory(rig.Watched);
        await rig.ReadyAsync(agent, 200);
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        await rig.DeniedAsync("203.0.113.7");
        await rig.IncidentAsync("203.0.113.7", IncidentStatus.Blocked);
        Directory.Delete(rig.Watched, recursive: true);
        Directory.CreateDirectory(rig.Watched);
        await rig.DeniedAsync("203.0.113.7");
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(20), "the look at every 30 seconds is not waited for");
    }

    [Fact]
    public async Task What_somebody_edited_while_the_agent_was_down_is_repaired_and_reported_at_the_start()
    {
        await using var rig = new AgentRig();
        var agent = await rig.StartAsync();
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        await rig.IncidentAsync("203.0.113.7", IncidentStatus.Blocked);
        await rig.StopAsync(agent);
        var ours = rig.Denied;
        await File.WriteAllTextAsync(rig.DenyFile, ours.Replace("203.0.113.7", "198.51.100.4", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        agent = await rig.StartAsync();
        rig.Denied.ShouldBe(ours);
        agent.Errors.ShouldContain("was edited by someone else");
        agent.Errors.ShouldContain("it was set right");
        await rig.StopAsync(agent);
        File.Delete(rig.DenyFile);
        agent = await rig.StartAsync();
        rig.Denied.ShouldBe(ours);
        agent.Errors.ShouldContain("is missing; it was set right");
    }

    [Fact]
    public async Task A_file_of_that_name_that_is_not_ours_is_left_alone()
    {
        await using var rig = new AgentRig();
        const string Foreign = "http:\n  routers: {}\n";
        await File.WriteAllTextAsync(rig.DenyFile, Foreign, TestContext.Current.CancellationToken);
        var agent = await rig.StartAsync();
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        await agent.WaitForAsync("was not written by devops-agent and is left alone");
        await rig.IncidentAsync("203.0.113.7", IncidentStatus.Failed);
        rig.Denied.ShouldBe(Foreign);
        DenyFile.IsOurs(rig.Denied).ShouldBeFalse();
    }

    [Fact]
    public async Task On_a_full_disk_the_old_file_stands_and_the_block_is_not_claimed()
    {
        await using var rig = new AgentRig();
        await using var disk = await SmallDisk.MountAsync(rig.Watched, "size=64k");
        var agent = await rig.StartAsync();
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        await rig.DeniedAsync("203.0.113.7");
        await rig.IncidentAsync("203.0.113.7", IncidentStatus.Blocked);
        var before = rig.Denied;
        var filler = disk.Fill();
        rig.Append(LogLine.Harvest("203.0.113.8", 12, AgentRig.Now));
        await rig.IncidentAsync("203.0.113.8", IncidentStatus.Failed);
        agent.Errors.ShouldContain("is full");
        rig.Denied.ShouldBe(before);
        File.Delete(filler);
        (await rig.RunAsync("incidents", "approve", $"{rig.Find("203.0.113.8")!.Id}", "--by", "ada")).Exit.ShouldBe(0);
        await rig.DeniedAsync("203.0.113.8");
    }
}
