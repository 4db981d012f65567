using DevOpsAgent.Incidents;

namespace DevOpsAgent.EndToEnd;

/// <summary>The service as it runs: lines go in, the deny file comes out, and people change their minds beside it.</summary>
[Collection(ProcessTests.Name)]
public sealed class ServiceTests
{
    [Fact]
    public async Task A_harvester_of_secrets_is_denied_in_mode_auto_and_listed()
    {
        await using var rig = new AgentRig();
        var agent = await rig.StartAsync();
        rig.Append(LogLine.Visits("198.51.100.4", 30, AgentRig.Now));
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        await rig.DeniedAsync("203.0.113.7");
        var incident = await rig.IncidentAsync("203.0.113.7", IncidentStatus.Blocked);
        incident.Evidence.Samples.ShouldNotBeEmpty();
        rig.Denied.ShouldNotContain("198.51.100.4");
        var blocks = (await rig.JsonAsync("blocks", "list")).GetProperty("items");
        blocks.GetArrayLength().ShouldBe(1);
        blocks[0].GetProperty("range").GetString().ShouldBe("203.0.113.7/32");
        blocks[0].GetProperty("status").GetString().ShouldBe("unconfirmed");
        blocks[0].GetProperty("incident_id").GetInt64().ShouldBe(incident.Id);
        rig.Store.GetHistory(incident.Id).Select(static h => h.By).ShouldBe(["rule", "auto", "service"]);
        await rig.StopAsync(agent);
        rig.Denied.ShouldContain("203.0.113.7", customMessage: "a block outlives the agent");
    }

    [Fact]
    public async Task A_block_ends_by_itself_and_its_incident_with_it()
    {
        await using var rig = new AgentRig(blocking: ["ttl: 3s"]);
        var agent = await rig.StartAsync();
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        await rig.DeniedAsync("203.0.113.7");
        await Eventually.True(() => !File.Exists(rig.DenyFile), "the file of the last block is gone");
        await rig.IncidentAsync("203.0.113.7", IncidentStatus.Expired);
        await agent.WaitForAsync("its time is over");
    }

    [Fact]
    public async Task A_block_ends_after_its_time_although_the_agent_was_killed_meanwhile()
    {
        await using var rig = new AgentRig(blocking: ["ttl: 2s"]);
        var agent = await rig.StartAsync();
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        await rig.IncidentAsync("203.0.113.7", IncidentStatus.Blocked);
        var ends = rig.Store.GetLiveBlocks().Single().ExpiresAt;
        await rig.KillAsync(agent);
        rig.Denied.ShouldContain("203.0.113.7");
        await Eventually.True(() => AgentRig.Now > ends, "its time is over");
        await rig.StartAsync();
        await Eventually.True(() => !File.Exists(rig.DenyFile), "the file is gone after the start");
        await rig.IncidentAsync("203.0.113.7", IncidentStatus.Expired);
    }

    [Fact]
    public async Task A_block_removed_at_the_terminal_is_lifted_by_the_running_agent_and_stays_lifted()
    {
        await using var rig = new AgentRig();
        await rig.StartAsync();
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        await rig.IncidentAsync("203.0.113.7", IncidentStatus.Blocked);
        var (exit, output, errors) = await rig.RunAsync("blocks", "remove", "203.0.113.7", "--by", "ada");
        exit.ShouldBe(0, errors);
        output.ShouldContain("203.0.113.7 has ended");
        await rig.FreeAsync("203.0.113.7");

        // The client goes on: a person said no, mode auto must not say yes again.
        rig.Append(LogLine.Harvest("203.0.113.7", 40, AgentRig.Now + TimeSpan.FromMinutes(6)));
        await rig.IncidentAsync("203.0.113.7", static i => i.Evidence.Matched >= 24, "has grown");
        rig.Append(LogLine.Harvest("203.0.113.8", 12, AgentRig.Now + TimeSpan.FromMinutes(6)));
        await rig.DeniedAsync("203.0.113.8");
        rig.Denied.ShouldNotContain("203.0.113.7");
    }

    [Fact]
    public async Task An_allowlist_entry_lifts_the_block_at_once_and_later_findings_are_recorded_as_allowed()
    {
        await using var rig = new AgentRig();
        await rig.StartAsync();
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        rig.Append(LogLine.Harvest("203.0.113.77", 12, AgentRig.Now));
        await rig.DeniedAsync("203.0.113.7");
        await rig.DeniedAsync("203.0.113.77");
        await rig.IncidentAsync("203.0.113.7", IncidentStatus.Blocked);
        var (exit, output, errors) = await rig.RunAsync("allowlist", "add", "203.0.113.0/28", "--description", "auditor", "--by", "ada");
        exit.ShouldBe(0, errors);
        output.ShouldContain("1 block ended");
        await rig.FreeAsync("203.0.113.7");
        (await rig.IncidentAsync("203.0.113.7", IncidentStatus.Allowed)).Evidence.Matched.ShouldBeGreaterThan(4);
        rig.Append(LogLine.Harvest("203.0.113.9", 12, AgentRig.Now));
        await rig.IncidentAsync("203.0.113.9", IncidentStatus.Allowed);
        rig.Denied.ShouldContain("203.0.113.77");
        rig.Denied.ShouldNotContain("203.0.113.9`");
    }

    [Fact]
    public async Task A_mode_set_at_the_terminal_takes_effect_without_a_restart_and_outlives_one()
    {
        await using var rig = new AgentRig(mode: "review");
        var agent = await rig.StartAsync();
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        await rig.IncidentAsync("203.0.113.7", IncidentStatus.Recommended);
        File.Exists(rig.DenyFile).ShouldBeFalse();
        (await rig.RunAsync("mode", "set", "auto")).Exit.ShouldBe(0);
        rig.Append(LogLine.Harvest("203.0.113.8", 12, AgentRig.Now));
        await rig.DeniedAsync("203.0.113.8");
        await rig.StopAsync(agent);
        agent = await rig.StartAsync();
        agent.Errors.ShouldContain("mode auto");
        (await rig.RunAsync("mode", "set", "disabled")).Exit.ShouldBe(0);
        rig.Append(LogLine.Harvest("203.0.113.9", 12, AgentRig.Now));
        await rig.IncidentAsync("203.0.113.9", static _ => true, "is recorded");
        rig.Append(LogLine.Harvest("203.0.113.9", 30, AgentRig.Now + TimeSpan.FromMinutes(6)));
        await rig.IncidentAsync("203.0.113.9", static i => i.Evidence.Matched >= 24, "has grown");
        rig.Denied.ShouldNotContain("203.0.113.9");
        rig.Denied.ShouldContain("203.0.113.8");
    }

    [Fact]
    public async Task What_is_approved_at_the_terminal_is_denied_by_the_running_agent()
    {
        await using var rig = new AgentRig(mode: "review");
        await rig.StartAsync();
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        var incident = await rig.IncidentAsync("203.0.113.7", IncidentStatus.Recommended);
        var (exit, _, errors) = await rig.RunAsync("incidents", "approve", $"{incident.Id}", "--by", "ada");
        exit.ShouldBe(0, errors);
        await rig.DeniedAsync("203.0.113.7");
        (await rig.IncidentAsync("203.0.113.7", IncidentStatus.Blocked)).Id.ShouldBe(incident.Id);
        rig.Store.GetLiveBlocks().Single().ApprovedBy.ShouldBe("ada");
        (exit, _, errors) = await rig.RunAsync("incidents", "undo", $"{incident.Id}", "--by", "ada");
        exit.ShouldBe(0, errors);
        await Eventually.True(() => !File.Exists(rig.DenyFile), "the file is gone");
    }

    [Fact]
    public async Task Evidence_that_rests_on_CLF_alone_waits_for_a_person_even_in_auto()
    {
        await using var rig = new AgentRig();
        await rig.StartAsync();
        rig.Append(LogLine.Secrets.Select((path, i) => LogLine.Clf("203.0.113.7", path, 404, AgentRig.Now, i + 1)));
        var incident = await rig.IncidentAsync("203.0.113.7", IncidentStatus.Recommended);
        incident.Evidence.Forgeable.ShouldBeTrue();
        incident.Recommendation!.Held.ShouldNotBeNull().ShouldContain("CLF");

        // Whoever can forge a CLF line can forge one that looks like JSON.
        rig.Append(LogLine.Harvest("203.0.113.8", 12, AgentRig.Now));
        await rig.IncidentAsync("203.0.113.8", IncidentStatus.Recommended);
        File.Exists(rig.DenyFile).ShouldBeFalse();
    }

    [Fact]
    public async Task A_CLF_log_that_is_trusted_blocks_as_JSON_does()
    {
        await using var rig = new AgentRig();
        File.WriteAllText(rig.Config, File.ReadAllText(rig.Config).Replace($"- path: {rig.Log}", $"- path: {rig.Log}\n    trust_clf: true", StringComparison.Ordinal));
        await rig.StartAsync();
        rig.Append(LogLine.Secrets.Select((path, i) => LogLine.Clf("203.0.113.7", path, 404, AgentRig.Now, i + 1)));
        await rig.DeniedAsync("203.0.113.7");
    }

    [Fact]
    public async Task A_private_client_is_never_denied()
    {
        await using var rig = new AgentRig();
        await rig.StartAsync();
        rig.Append(LogLine.Visits("198.51.100.4", 30, AgentRig.Now));
        rig.Append(LogLine.Harvest("10.1.2.3", 12, AgentRig.Now));
        var incident = await rig.IncidentAsync("10.1.2.3", IncidentStatus.Recommended);
        incident.Recommendation!.Held.ShouldNotBeNull().ShouldContain("not a public address");
        var (exit, output, errors) = await rig.RunAsync("incidents", "approve", $"{incident.Id}", "--by", "ada");
        await rig.IncidentAsync("10.1.2.3", static i => i.Status is IncidentStatus.Failed or IncidentStatus.Recommended, "is not blocked");
        exit.ShouldBe(1, "a refusal, nothing that is needed is down");
        (output + errors).ShouldContain("not a public address");
        (output + errors).ShouldNotContain("Approve it again");
        File.Exists(rig.DenyFile).ShouldBeFalse();
        rig.Store.GetLiveBlocks().ShouldBeEmpty();
    }

    [Fact]
    public async Task Above_the_cap_the_rest_waits_for_review_loudly()
    {
        await using var rig = new AgentRig(blocking: ["max_new_blocks: 2"]);
        var agent = await rig.StartAsync();
        string[] clients = ["203.0.113.10", "203.0.113.20", "203.0.113.30", "203.0.113.40"];
        foreach (var client in clients)
        {
            rig.Append(LogLine.Harvest(client, 12, AgentRig.Now));
        }

        await agent.WaitForAsync("blocking.max_new_blocks is 2");
        // Recommended alone is no decision: mode auto approves a moment after an incident is stored.
        var held = await Eventually.Some(
            () => clients.Select(c => rig.Find(c)).OfType<Incident>().Where(static i => i is { Status: IncidentStatus.Recommended, Recommendation.Held: { } held } && held.Contains("max_new_blocks")).ToList() is { Count: 2 } two ? two : null,
            "two are held by the cap");
        await Eventually.True(() => clients.Count(c => rig.Find(c)?.Status == IncidentStatus.Blocked) == 2, "two are blocked");
        rig.Store.GetLiveBlocks().Count.ShouldBe(2);

        // A person may go above it.
        (await rig.RunAsync("incidents", "approve", $"{held[0].Id}", "--by", "ada")).Exit.ShouldBe(0);
        await rig.DeniedAsync(held[0].Subject);
    }
}
