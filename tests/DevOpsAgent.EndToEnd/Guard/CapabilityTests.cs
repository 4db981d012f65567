using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace DevOpsAgent.EndToEnd.Guard;

/// <summary>The capabilities that the shipped unit keeps are enough: the backend is taken, and a process of another user is seen and killed.</summary>
[Collection(GuardTests.Name)]
public sealed class CapabilityTests
{
    private const string Policy = """
        mode: enforce
        on_agent_exit: release
        processes:
          wa-victim:
            allowed_network: ["*"]
            blocked_files: [/etc/hostname]
        alerts:
          on_violation: [kill_process]
        """;

    [Theory]
    [InlineData("proc")]
    [InlineData("tracepoint")]
    [InlineData("lsm")]
    public async Task Of_the_unit(string backend)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/setpriv") && Environment.UserName == "root", "takes rights away from root");
        await using var rig = new GuardRig(backend);
        await File.WriteAllTextAsync(rig.Policy, Policy, TestContext.Current.CancellationToken);
        await rig.StopAsync(await rig.GuardAsync()); // with all rights; skipped where this machine has no such backend

        await using var guard = AgentProcess.Start(
            [$"--bounding-set=-all,{Kept()}", "--no-new-privs", "dotnet", Path.Combine(AppContext.BaseDirectory, "devops-agent.dll"), "guard", "run", "--config", rig.Config],
            host: "/usr/bin/setpriv");
        await guard.WaitForAsync($"backend {backend}, mode enforce");
        var program = Path.Combine(rig.Folder, "bin", "wa-victim");
        File.Copy("/bin/sleep", program);
        using var victim = new Process
        {
            StartInfo = new("/bin/sh", ["-c", "chmod go+rx \"$1\" \"$1/bin\" \"$0\" && exec setpriv --reuid=nobody --clear-groups \"$0\" 60 < /etc/hostname", program, rig.Folder]) { UseShellExecute = false },
        };
        victim.Start();
        try
        {
            if (backend == "proc")
            {
                await victim.WaitForExitAsync(TestContext.Current.CancellationToken);
                victim.ExitCode.ShouldBe(137);
                guard.Output.ShouldContain("blocked file access: /etc/hostname");
            }
        }
        finally
        {
            if (!victim.HasExited)
            {
                victim.Kill();
            }
        }

        guard.Signal(AgentProcess.SigTerm);
        (await guard.ExitAsync()).ShouldBe(0, guard.Errors);
    }

    /// <summary>"+sys_ptrace,+kill": as setpriv writes what CapabilityBoundingSet= says.</summary>
    private static string Kept([CallerFilePath] string file = "") => string.Join(',', File.ReadLines(Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", "..", "deploy", "systemd", "devops-agent-guard.service")))
        .Single(static l => l.StartsWith("CapabilityBoundingSet=", StringComparison.Ordinal))["CapabilityBoundingSet=".Length..].Split(' ').Select(static c => "+" + c["CAP_".Length..].ToLowerInvariant()));
}
