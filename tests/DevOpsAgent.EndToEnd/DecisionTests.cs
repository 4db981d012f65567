using DevOpsAgent.Incidents;

namespace DevOpsAgent.EndToEnd;

/// <summary>Decisions at a terminal: what they keep, and what they answer.</summary>
public sealed class DecisionTests
{
    [Fact]
    public async Task The_note_of_an_approval_is_shown_in_the_history()
    {
        await using var rig = new AgentRig(mode: "review");
        await rig.StartAsync();
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        var incident = await rig.IncidentAsync("203.0.113.7", IncidentStatus.Recommended);
        (await rig.RunAsync("incidents", "approve", $"{incident.Id}", "--by", "ada", "--note", "two\nlines")).Exit.ShouldBe(2);
        var (exit, _, errors) = await rig.RunAsync("incidents", "approve", $"{incident.Id}", "--by", "ada", "--note", "seen in three shops");
        exit.ShouldBe(0, errors);
        (await rig.RunAsync("incidents", "show", $"{incident.Id}")).Output.ShouldContain("approved by ada (cli uid");
        (await rig.RunAsync("incidents", "show", $"{incident.Id}")).Output.ShouldContain(": seen in three shops");
    }

    [Fact]
    public async Task An_approval_of_a_version_that_is_no_more_says_what_changed()
    {
        await using var rig = new AgentRig(mode: "review");
        await rig.StartAsync();
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        var incident = await rig.IncidentAsync("203.0.113.7", IncidentStatus.Recommended);
        (await rig.RunAsync("incidents", "approve", $"{incident.Id}", "--by", "ada", "--ttl", "1h")).Exit.ShouldBe(0);
        (await rig.RunAsync("incidents", "undo", $"{incident.Id}", "--by", "ada")).Exit.ShouldBe(0);
        var shown = await rig.JsonAsync("incidents", "show", $"{incident.Id}");
        var version = shown.GetProperty("incident").GetProperty("version").GetInt64();
        version.ShouldBeGreaterThan(incident.Version);
        var (exit, _, errors) = await rig.RunAsync("incidents", "approve", $"{incident.Id}", "--by", "bob", "--version", $"{incident.Version}");
        exit.ShouldBe(1);
        errors.ShouldContain("4h became 1h");
        (await rig.RunAsync("incidents", "approve", $"{incident.Id}", "--by", "bob", "--version", $"{version}")).Exit.ShouldBe(0);
    }

    [Fact]
    public async Task An_approval_that_the_target_can_not_carry_out_ends_with_3()
    {
        await using var rig = new AgentRig(mode: "review");
        await rig.StartAsync();
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        var incident = await rig.IncidentAsync("203.0.113.7", IncidentStatus.Recommended);
        Directory.Delete(rig.Watched);
        var (exit, _, errors) = await rig.RunAsync("incidents", "approve", $"{incident.Id}", "--by", "ada");
        exit.ShouldBe(3, errors);
        errors.ShouldContain("nothing is denied");
    }
}
