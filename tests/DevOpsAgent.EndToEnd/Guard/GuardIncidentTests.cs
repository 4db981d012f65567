using System.Text.Json;

namespace DevOpsAgent.EndToEnd.Guard;

/// <summary>Two processes with two sets of rights, and each may die: what the guard sees becomes an incident of the agent.</summary>
[Collection(GuardTests.Name)]
public sealed class GuardIncidentTests
{
    private static readonly HttpClient s_http = new();

    private const string Policy = """
        mode: alert
        processes:
          wa-victim:
            allowed_network: ["*"]
            blocked_files: [/etc/hostname, /etc/hosts, /etc/passwd]
        alerts:
          on_violation: [log_to_syslog]
        """;

    [Fact]
    public async Task A_violation_is_an_incident_in_page_and_terminal_and_survives_kills_of_either()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs /proc");
        await using var rig = new GuardRig();
        await File.WriteAllTextAsync(rig.Policy, Policy, TestContext.Current.CancellationToken);
        var guard = await rig.GuardAsync();
        var agent = await rig.AgentAsync();

        rig.Hold("wa-victim", "/etc/hostname");
        var incident = await IncidentAsync(rig, 1);
        incident.GetProperty("incident").GetProperty("ip_address").GetString().ShouldBe("process wa-victim");
        incident.GetProperty("incident").GetProperty("threat_type").GetString().ShouldBe("file-violation");
        var process = incident.GetProperty("evidence").GetProperty("process");
        process.GetProperty("tree").EnumerateArray().Single(static n => n.GetProperty("role").GetString() == "violator").GetProperty("exe").GetString().ShouldEndWith("/bin/wa-victim");
        process.GetProperty("tree")[0].GetProperty("pid").GetInt32().ShouldBe(1);
        (await rig.RunAsync("incidents", "show", "1")).Output.ShouldContain("<- did it");
        agent.Errors.ShouldContain("process wa-victim file-violation:");

        // The agent is gone: the guard keeps what it sees.
        await rig.KillAsync(agent);
        rig.Hold("wa-victim", "/etc/hosts");
        await guard.WaitForAsync("/etc/hosts (pattern");
        agent = await rig.AgentAsync();
        await IncidentAsync(rig, 2);

        // The guard is gone: it goes on where it was, and sees what runs anew.
        await rig.KillAsync(guard);
        await agent.WaitForAsync("the runtime guard does not answer");
        guard = await rig.GuardAsync();
        rig.Hold("wa-victim", "/etc/passwd");
        await guard.WaitForAsync("/etc/passwd (pattern");
        await agent.WaitForAsync("the runtime guard answers again");
        incident = await IncidentAsync(rig, 5); // the two that still run are seen again by the new guard
        incident.GetProperty("evidence").GetProperty("process").GetProperty("violations").EnumerateArray()
            .Select(static v => (v.GetProperty("detail").GetString()!.Split(' ')[3], v.GetProperty("count").GetInt64())).ShouldBe([("/etc/hostname", 2), ("/etc/hosts", 2), ("/etc/passwd", 1)], ignoreOrder: true);
        (await rig.JsonAsync("incidents", "list")).GetProperty("total").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task In_enforce_it_is_killed_with_a_receipt_that_the_incident_names()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs /proc");
        await using var rig = new GuardRig();
        await File.WriteAllTextAsync(rig.Policy, Policy.Replace("mode: alert", "mode: enforce", StringComparison.Ordinal).Replace("[log_to_syslog]", "[kill_process]", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        await rig.GuardAsync();
        await rig.AgentAsync();
        var victim = rig.Hold("wa-victim", "/etc/hostname");
        await victim.WaitForExitAsync(TestContext.Current.CancellationToken);
        victim.ExitCode.ShouldBe(137);
        var act = (await IncidentAsync(rig, 1)).GetProperty("evidence").GetProperty("process").GetProperty("acts").EnumerateArray().Single();
        act.GetProperty("text").GetString().ShouldBe(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"Process {victim.Id} was killed."));
        act.GetProperty("receipt").GetInt64().ShouldBe(1);
    }

    [Fact]
    public async Task A_second_guard_is_refused_and_told_who_holds_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs /proc");
        await using var rig = new GuardRig();
        await File.WriteAllTextAsync(rig.Policy, Policy, TestContext.Current.CancellationToken);
        var guard = await rig.GuardAsync();
        var (exit, _, errors) = await rig.RunAsync("guard", "run", "--socket", Path.Combine(rig.Folder, "run", "other.sock"));
        exit.ShouldBe(3);
        errors.ShouldContain($"Another devops-agent (pid {guard.Id}) uses this guard directory");
    }

    [Fact]
    public async Task Without_root_it_guards_its_own_users_processes_and_says_what_it_can_not_see()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/setpriv") && Environment.UserName == "root", "changes its user");
        await using var rig = new GuardRig();
        await File.WriteAllTextAsync(rig.Policy, Policy, TestContext.Current.CancellationToken);
        await using var guard = AgentProcess.Start(
            ["-c", "chmod -R go+rX \"$1\" && install -d -o nobody \"$1/own\" && exec setpriv --reuid=nobody --clear-groups env HOME=/nonexistent DEVOPS_AGENT_RUNTIME_GUARD_DIRECTORY=\"$1/own/guard\" dotnet \"$2\" guard run --config \"$3\" --no-socket", "sh", rig.Folder, Path.Combine(AppContext.BaseDirectory, "devops-agent.dll"), rig.Config],
            host: "/bin/sh");
        var said = await guard.WaitForAsync("backend proc, mode alert");
        said.ShouldContain("the guard does not run as root: of processes of other users it sees neither files nor programs");
        guard.Signal(AgentProcess.SigTerm);
        (await guard.ExitAsync()).ShouldBe(0, guard.Errors);
    }

    [Fact]
    public async Task A_policy_that_is_deleted_half_written_or_replaced_by_a_link_changes_nothing_while_it_runs()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs /proc");
        await using var rig = new GuardRig();
        await File.WriteAllTextAsync(rig.Policy, Policy, TestContext.Current.CancellationToken);
        var guard = await rig.GuardAsync();

        File.Delete(rig.Policy);
        await guard.WaitForAsync("was deleted; the last policy stays in force");
        await StillAsync("/etc/hostname");

        await File.WriteAllTextAsync(rig.Policy, "processes:\n  wa-victim: {blocked_fi", TestContext.Current.CancellationToken);
        await guard.WaitForAsync("guard-policy.yaml:3:1: not valid YAML");
        await StillAsync("/etc/hosts");

        var other = Path.Combine(rig.Folder, "other.yaml");
        await File.WriteAllTextAsync(other, "processes: {nobody: {}}\n", TestContext.Current.CancellationToken);
        File.Delete(rig.Policy);
        File.CreateSymbolicLink(rig.Policy, other);
        await guard.WaitForAsync("was a file and is now a link; the last policy stays in force");
        await StillAsync("/etc/passwd");

        async Task StillAsync(string file)
        {
            rig.Hold("wa-victim", file);
            await guard.WaitForAsync($"blocked file access: {file}");
        }
    }

    private static async Task<JsonElement> IncidentAsync(GuardRig rig, long violations) => (JsonElement)await Eventually.Some(async () =>
    {
        try
        {
            using var answer = await s_http.GetAsync(new Uri(rig.Page, "/api/incidents/1"), TestContext.Current.CancellationToken);
            return answer.IsSuccessStatusCode && JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement is var detail
                && detail.GetProperty("evidence").GetProperty("matched").GetInt64() >= violations ? (object)detail : null;
        }
        catch (HttpRequestException)
        {
            return null; // the page is not there yet
        }
    }, $"an incident of {violations} violations", rig.Said, TimeSpan.FromSeconds(60));
}
