using System.Diagnostics;
using System.Globalization;
using DevOpsAgent.Ebpf;

namespace DevOpsAgent.EndToEnd.GuardKernel;

/// <summary>Reloads, processes that ran before, the end of the agent and its return: no denial is missed meanwhile.</summary>
[Collection(TracepointTests.Name)]
public sealed class KernelLifeTests
{
    [Fact]
    public async Task No_denial_is_missed_while_the_policy_is_loaded_again_and_again()
    {
        await using var rig = await KernelRig.StartAsync([new("busy", "", "", "", "", false)], static folder => Policy(folder, 0));
        using var busy = Shell.Start(rig.Folder + "/t/busy", ["connects", "127.0.0.1", "200", "4"]);
        var reloads = 0;
        for (; !busy.HasExited; reloads++)
        {
            rig.Service.Engine.Reload(KernelRig.Read(Policy(rig.Folder, reloads % 50)));
        }

        var said = await busy.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        said.ShouldStartWith("connected 0 of ");
        reloads.ShouldBeGreaterThan(10);
        int.Parse(said.Split(' ')[3], CultureInfo.InvariantCulture).ShouldBeGreaterThan(1000);
    }

    [Fact]
    public async Task A_process_that_ran_before_is_covered_and_so_is_its_child()
    {
        await using var rig = await KernelRig.StartAsync([new("early", "", "", "", "", false)], static _ => KernelRig.Nobody);
        using var early = Shell.Start(rig.Folder + "/t/early", ["when", rig.Folder + "/go", rig.Folder + "/secret"]);
        rig.Service.Engine.Reload(KernelRig.Read($"version: \"1.0\"\nmode: enforce\non_agent_exit: release\nprocesses:\n  early: {{exe: \"{rig.Folder}/t/early\", blocked_files: [\"{rig.Folder}/secret\"], allowed_network: [\"*\"]}}\n"));
        rig.Backend.Guarded["early"].ShouldBe(1);
        await File.WriteAllTextAsync(rig.Folder + "/go", "", TestContext.Current.CancellationToken);
        await early.WaitForExitAsync(TestContext.Current.CancellationToken);
        early.ExitCode.ShouldBe(137);
    }

    [Fact]
    public async Task A_process_that_merely_has_the_name_is_none_of_the_policys()
    {
        await using var rig = await KernelRig.StartAsync([new("named", "", "", "", "", false)], static folder => $"version: \"1.0\"\nmode: enforce\non_agent_exit: release\nprocesses:\n  named: {{exe: \"{folder}/t/named\", uid: [12345], blocked_files: [\"{folder}/secret\"]}}\n");
        (await rig.RunAsync("named", "open", rig.Folder + "/secret")).ShouldBe("ok", "another user's");
    }

    [Fact]
    public async Task What_a_killed_agent_enforced_goes_on_and_the_next_one_takes_it_over()
    {
        await using var rig = await KernelRig.StartAsync([new("kept", "", "", "", "", false)], static _ => KernelRig.Nobody);
        var policy = Path.Combine(rig.Folder, "policy.yaml");
        await File.WriteAllTextAsync(policy, Policy(rig.Folder, 0).Replace("busy", "kept", StringComparison.Ordinal).Replace("release", "keep", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        Directory.CreateDirectory(Path.Combine(rig.Folder, "run"));
        Process? busy = null;
        try
        {
            await using (var first = AgentProcess.Start(Arguments(rig, policy)))
            {
                await first.WaitForAsync("backend tracepoint, mode enforce");
                busy = Shell.Start(rig.Folder + "/t/kept", ["connects", "127.0.0.1", "200", "12"]);
                await Eventually.True(() => first.Output.Contains("unauthorized network access", StringComparison.Ordinal), "a first denial");
                first.Signal(AgentProcess.SigKill);
                await first.ExitAsync();
            }

            (await rig.RunAsync("kept", "connect", "127.0.0.1", "200")).ShouldBe("EPERM", "no agent runs");
            await using (var second = AgentProcess.Start(Arguments(rig, policy)))
            {
                await second.WaitForAsync("backend tracepoint, mode enforce");
                await second.WaitForAsync("took over");
                await Eventually.True(() => second.Output.Contains("unauthorized network access", StringComparison.Ordinal), "what was denied meanwhile is told");
                (await busy.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldStartWith("connected 0 of ");
            }

            await File.WriteAllTextAsync(policy, (await File.ReadAllTextAsync(policy, TestContext.Current.CancellationToken)).Replace("keep", "release", StringComparison.Ordinal), TestContext.Current.CancellationToken);
            await using var third = AgentProcess.Start(Arguments(rig, policy));
            await third.WaitForAsync("backend tracepoint, mode enforce");
            Directory.Exists(Pins).ShouldBeFalse("released");
        }
        finally
        {
            busy?.Dispose();
            PinFolder.Remove(Pins);
        }
    }

    /// <summary>Of this test alone: a guard of this machine keeps its own.</summary>
    private static string Pins { get; } = string.Create(CultureInfo.InvariantCulture, $"/sys/fs/bpf/devops-agent-test-{Environment.ProcessId}");

    private static string[] Arguments(KernelRig rig, string policy) => ["guard", "run", "--policy", policy, "--backend", "tracepoint", "--no-socket", "--config", WriteConfig(rig)];

    private static string WriteConfig(KernelRig rig)
    {
        var file = Path.Combine(rig.Folder, "run", "config.yaml");
        File.WriteAllText(file, $"runtime_guard:\n  directory: {Path.Combine(rig.Folder, "run")}\n  pins: {Pins}\n  interval: 100ms\n");
        return file;
    }

    private static string Policy(string folder, int more) => $$"""
        version: "1.0"
        mode: enforce
        on_agent_exit: release
        processes:
          busy: {exe: "{{folder}}/t/busy", allowed_network: ["connect 127.0.0.1:1-100"{{string.Concat(Enumerable.Range(0, more).Select(static i => $", \"10.0.{i}.0/24:80\""))}}], blocked_files: ["{{folder}}/secret"]}
        """;
}
