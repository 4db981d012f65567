using System.Text.Json;
using DevOpsAgent.App.Cli;
using DevOpsAgent.App.GuardControl;
using DevOpsAgent.Configuration;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Backends;
using DevOpsAgent.Tests.Configuration;
using DevOpsAgent.Tests.RuntimeGuard;

namespace DevOpsAgent.Tests.Cli;

public sealed class GuardCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static string Sample => PolicyText.Case("go-sample");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("soc-ingest file /etc/shadow", 1, "Denied: blocked file access: /etc/shadow (pattern: /etc/shadow)")]
    [InlineData("soc-ingest file /etc/soc/a", 0, "Allowed: allowed by '/etc/soc/*'")]
    [InlineData("soc-ingest listen 0.0.0.0:9750", 0, "Allowed: allowed by '0.0.0.0:9750'")]
    [InlineData("soc-ingest connect 8.8.8.8:53", 1, "Denied: unauthorized network access: 8.8.8.8:53")]
    [InlineData("soc-respond connect 169.254.169.254:443", 1, "Denied: blocked network access")]
    [InlineData("soc-ingest syscall ptrace", 1, "Denied: blocked syscall: ptrace")]
    [InlineData("soc-ingest syscall read", 0, "Allowed: read is not in blocked_syscalls")]
    [InlineData("soc-respond exec /usr/sbin/nft", 0, "Allowed: allowed by '/usr/sbin/nft'")]
    [InlineData("soc-ingest exec /usr/sbin/nft", 1, "Denied: unauthorized exec")]
    [InlineData("soc-ingest memory 600", 1, "Denied: memory limit exceeded: 600MB > 512MB")]
    [InlineData("soc-ingest cpu 80", 0, "Allowed: within 80%")]
    [InlineData("soc-inges file /x", 2, "did you mean 'soc-ingest'?")]
    [InlineData("soc-ingest fil /x", 2, "did you mean 'file'?")]
    [InlineData("soc-ingest syscall ptrce", 2, "did you mean 'ptrace'?")]
    [InlineData("soc-ingest file", 2, "three words")]
    public async Task Check_answers_and_gives_the_reason(string question, int exit, string expected)
    {
        var (code, text, error) = await TestTerminal.RunAsync(TestTerminal.Of(), ["guard", "check", .. question.Split(' '), "--policy", Sample]);
        code.ShouldBe(exit, text + error);
        (text + error).ShouldContain(expected);
    }

    [Fact]
    public async Task Check_alone_examines_the_policy()
    {
        var (code, text, _) = await TestTerminal.RunAsync(TestTerminal.Of(), "guard", "check", "--policy", Sample);
        (code, text).ShouldSatisfyAllConditions(static t => t.code.ShouldBe(0), static t => t.text.ShouldContain("soc-correlate  audit"));
        (code, text, var error) = await TestTerminal.RunAsync(TestTerminal.Of(), "guard", "check", "--policy", PolicyText.Case("wrong"));
        code.ShouldBe(ExitCode.Usage);
        error.ShouldContain("policy.yaml:6:5: unknown key 'allowed_file'; did you mean 'allowed_files'?");
    }

    [Fact]
    public async Task The_variables_of_the_go_daemon_are_honoured()
    {
        var (_, text, _) = await TestTerminal.RunAsync(TestTerminal.Of(("SOC_GUARD_POLICY", Sample), ("SOC_GUARD_MODE", "enforce")), "guard", "check", "soc-ingest", "syscall", "ptrace", "--json");
        var answer = JsonDocument.Parse(text).RootElement;
        answer.GetProperty("violation").GetProperty("action").GetString().ShouldBe("blocked");
        var (code, _, error) = await TestTerminal.RunAsync(TestTerminal.Of(("SOC_GUARD_POLICY", Sample), ("SOC_GUARD_MODE", "off")), "guard", "check");
        code.ShouldBe(ExitCode.Usage);
        error.ShouldContain("SOC_GUARD_MODE must be audit, alert or enforce, not 'off'");
    }

    [Fact]
    public async Task Learn_from_a_recording_then_simulate_it()
    {
        var events = _folder.Write("events.jsonl", "{\"process\":\"app\",\"kind\":\"file\",\"subject\":\"/etc/app.conf\"}\n{\"process\":\"app\",\"kind\":\"connect\",\"subject\":\"10.0.0.1:443\"}\n");
        var policy = Path.Combine(_folder.Path, "policy.yaml");
        (await TestTerminal.RunAsync(TestTerminal.Of(), "guard", "learn", "--from", events, "--out", policy)).Exit.ShouldBe(0);
        (await TestTerminal.RunAsync(TestTerminal.Of(), "guard", "simulate", events, "--policy", policy)).ShouldSatisfyAllConditions(static r => r.Exit.ShouldBe(0), static r => r.Out.ShouldBe("2 events, 0 violations.\n"));
        File.AppendAllText(events, "{\"process\":\"app\",\"kind\":\"file\",\"subject\":\"/etc/shadow\"}\n");
        (await TestTerminal.RunAsync(TestTerminal.Of(), "guard", "simulate", events, "--policy", policy)).ShouldSatisfyAllConditions(static r => r.Exit.ShouldBe(1), static r => r.Out.ShouldContain("unauthorized file access: /etc/shadow"));
    }

    [Fact]
    public async Task Status_and_mode_speak_to_the_guard_over_its_socket()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs peer credentials");
        var socket = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder.Path, "run")).FullName, "guard.sock");
        await using var guard = new GuardService(PolicyText.App("blocked_files: [/etc/shadow]", "audit"), new FakeBackend(Enforcement.Observe), null, TimeProvider.System, TimeSpan.FromSeconds(1), static (_, _) => { });
        var config = new AgentConfig { RuntimeGuard = new() { Socket = socket, Directory = Path.Combine(_folder.Path, "guard") } };
        await using var parts = GuardParts.Open(config, guard, TimeProvider.System, static (_, _) => { });
        guard.Engine.OnViolation(parts.Alerts.Take);
        await using (var server = await GuardServer.StartAsync(config.RuntimeGuard, useSocket: true, parts, [new("lsm", "EPERM")], CancellationToken.None))
        {
            // Two guards on one socket: the second is refused, and says which setting to change.
            (await Should.ThrowAsync<CommandException>(() => GuardServer.StartAsync(config.RuntimeGuard, useSocket: true, parts, [], CancellationToken.None))).ShouldSatisfyAllConditions(
                static e => e.Message.ShouldContain("Another service listens"), static e => e.Next!.ShouldContain("runtime_guard.socket"));
            guard.Engine.CheckFileAccess("app", 1, "/etc/shadow").ShouldNotBeNull();
            var (exit, text, _) = await TestTerminal.RunAsync(TestTerminal.Of(), "guard", "status", "--socket", socket);
            exit.ShouldBe(0);
            text.ShouldContain("backend fake, mode audit");
            text.ShouldContain("1 events, 1 violations");
            text.ShouldContain("backend lsm can't be used: EPERM");
            text.ShouldContain("alerts: 0 violations told as 0 alerts, 0 held back, 0 lost; 1 only recorded; 0 processes stopped, 0 refused");
            (await TestTerminal.RunAsync(TestTerminal.Of(), "guard", "mode", "enforce", "--socket", socket)).Out.ShouldBe("Mode enforce.\n");
            (await TestTerminal.RunAsync(TestTerminal.Of(), "guard", "mode", "--socket", socket)).Out.ShouldBe("enforce\n");
            (await TestTerminal.RunAsync(TestTerminal.Of(), "guard", "mode", "audit", "--process", "nobody", "--socket", socket)).ShouldSatisfyAllConditions(static r => r.Exit.ShouldBe(1), static r => r.Error.ShouldContain("no process 'nobody'"));
            var json = JsonDocument.Parse((await TestTerminal.RunAsync(TestTerminal.Of(), "guard", "status", "--socket", socket, "--json")).Out).RootElement;
            json.GetProperty("health").GetProperty("unmet")[0].GetProperty("rule").GetString().ShouldBe("/etc/shadow");
            json.GetProperty("stats").GetProperty("violations").GetInt64().ShouldBe(1);
        }

        var (none, _, error) = await TestTerminal.RunAsync(TestTerminal.Of(), "guard", "status", "--socket", socket);
        none.ShouldBe(ExitCode.Dependency);
        error.ShouldContain("guard run");
    }

    [Fact]
    public async Task Run_refuses_where_a_policy_requires_what_the_backend_can_not_do()
    {
        var policy = _folder.Write("policy.yaml", "mode: enforce\nrequire_block: true\nprocesses:\n  app: {blocked_files: [/etc/shadow]}\n");
        var (exit, _, error) = await TestTerminal.RunAsync(TestTerminal.Of(), "guard", "run", "--policy", policy, "--no-socket", "--backend", "process");
        exit.ShouldBe(ExitCode.FoundOrRefused);
        error.ShouldContain("require_block: true, and the backend process can't enforce 2 of its rules");
        error.ShouldContain("blocked_files: /etc/shadow can't be enforced: it is not seen");
    }
}
