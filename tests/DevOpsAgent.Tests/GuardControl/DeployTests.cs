using System.Diagnostics;
using System.Runtime.CompilerServices;
using DevOpsAgent.App.Cli;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Policy;
using DevOpsAgent.Tests.Cli;
using DevOpsAgent.Tests.Configuration;

namespace DevOpsAgent.Tests.GuardControl;

/// <summary>What is shipped for systemd: units that systemd takes, with the rights that they name and no more, a configuration and a policy that load.</summary>
public sealed class DeployTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_policy_loads_without_a_warning_and_begins_with_audit()
    {
        var policy = PolicyFile.Load(Shipped("guard/policy.yaml"));
        policy.Warnings.ShouldBeEmpty();
        policy.Mode.ShouldBe(GuardMode.Audit, "nothing is stopped before somebody has read what would be");
        policy.Processes.Select(static p => (p.Name, p.Selectors.Unit.Single())).ShouldBe(
            [("devops-agent", "devops-agent.service"), ("traefik", "traefik.service"), ("devops-agent-guard", "devops-agent-guard.service")]);
        policy.Processes.ShouldAllBe(static p => p.AllowedExec != null && p.ProtectFrom.Any(r => r.Text == "ptrace"));
    }

    [Theory]
    [InlineData("devops-agent", "file", "/var/lib/devops-agent/agent.db-wal", true)]
    [InlineData("devops-agent", "file", "/etc/shadow", false)]
    [InlineData("devops-agent", "file", "/etc/devops-agent/guard-policy.yaml", false)]
    [InlineData("devops-agent", "file", "/etc/traefik/traefik.yaml", false)]
    [InlineData("devops-agent", "exec", "/bin/sh", false)]
    [InlineData("devops-agent", "listen", "127.0.0.1:8686", true)]
    [InlineData("devops-agent", "listen", "0.0.0.0:8686", false)]
    [InlineData("devops-agent", "connect", "169.254.169.254:443", false)]
    [InlineData("devops-agent", "connect", "198.51.100.1:4444", false)]
    [InlineData("traefik", "file", "/var/lib/traefik/acme.json", true)]
    [InlineData("traefik", "file", "/var/lib/devops-agent/agent.db", false)]
    [InlineData("traefik", "exec", "/usr/bin/curl", false)]
    [InlineData("traefik", "connect", "10.1.2.3:8080", true)]
    public async Task The_policy_answers_as_it_is_meant(string process, string kind, string subject, bool allowed)
    {
        var (exit, text, error) = await TestTerminal.RunAsync(TestTerminal.Of(), "guard", "check", process, kind, subject, "--policy", Shipped("guard/policy.yaml"));
        exit.ShouldBe(allowed ? 0 : 1, text + error);
    }

    [Fact]
    public async Task The_configuration_loads()
    {
        var (exit, text, error) = await TestTerminal.RunAsync(TestTerminal.Of(), "config", "show", "--json", "--config", Shipped("systemd/config.yaml"));
        exit.ShouldBe(ExitCode.Fine, error);
        text.ShouldContain("/run/devops-agent-guard/guard.sock");
    }

    [Theory]
    [InlineData("devops-agent.service", "")]
    [InlineData("devops-agent-guard.service", "CAP_SYS_PTRACE CAP_DAC_READ_SEARCH CAP_KILL CAP_BPF CAP_PERFMON CAP_NET_ADMIN")]
    public void Units_name_the_rights_that_they_need_and_no_others(string unit, string capabilities)
    {
        var keys = File.ReadLines(Shipped("systemd/" + unit)).Where(static l => l.Contains('=', StringComparison.Ordinal) && l[0] != '#').Select(static l => l.Split('=', 2)).ToLookup(static l => l[0], static l => l[1], StringComparer.Ordinal);
        keys["CapabilityBoundingSet"].ShouldBe([capabilities]);
        keys["AmbientCapabilities"].ShouldBe([""]);
        foreach (var key in (string[])["NoNewPrivileges", "ProtectHome", "PrivateTmp", "RestrictNamespaces", "RestrictSUIDSGID", "LockPersonality", "ProtectKernelModules"])
        {
            keys[key].ShouldBe(["yes"], key);
        }

        keys["ProtectSystem"].ShouldBe(["strict"]);
        keys["UMask"].ShouldBe(["0077"]);

        // Every word of the command line is one that the program takes.
        var words = keys["ExecStart"].Single().Split(' ');
        words[0].ShouldBe("/usr/lib/devops-agent/devops-agent");
        var config = _folder.Write("config.yaml", "mode: review\n");
        var policy = _folder.Write("policy.yaml", "processes: {app: {}}\n");
        CommandLine.Build(TestTerminal.Of()).Parse([.. words.Skip(1).Select(w => w switch { "/etc/devops-agent/config.yaml" => config, "/etc/devops-agent/guard-policy.yaml" => policy, _ => w })]).Errors.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("devops-agent.service", 20)]
    [InlineData("devops-agent-guard.service", 45)]
    public async Task Systemd_takes_the_units_and_finds_little_exposed(string unit, int threshold)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/systemd-analyze"), "systemd is not installed");
        var copy = _folder.Write(unit, (await File.ReadAllTextAsync(Shipped("systemd/" + unit), TestContext.Current.CancellationToken)).Replace("/usr/lib/devops-agent/devops-agent", "/bin/true", StringComparison.Ordinal));
        (await AnalyzeAsync("verify", copy)).ShouldBe((0, ""));
        var (exit, said) = await AnalyzeAsync("security", "--offline=true", "--no-pager", $"--threshold={threshold}", copy);
        exit.ShouldBe(0, said);
    }

    private static async Task<(int Exit, string Text)> AnalyzeAsync(params string[] arguments)
    {
        using var process = new Process { StartInfo = new ProcessStartInfo("/usr/bin/systemd-analyze", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false } };
        process.Start();
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, arguments[0] == "verify" ? await output + errors : errors);
    }

    private static string Shipped(string path, [CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", "..", "deploy", path));
}
