using System.Text.Json;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.Tests.RuntimeGuard;

/// <summary>The behaviour of the Go document, on its sample; and modes and rules that change at run time.</summary>
public sealed class GuardEngineTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Blocked_and_allowed_system_calls()
    {
        var engine = Sample();
        var violation = engine.CheckSyscall("soc-ingest", 1234, "ptrace").ShouldNotBeNull();
        (violation.Type, violation.Detail, violation.Severity, violation.Action).ShouldBe(("syscall", "blocked syscall: ptrace", "CRITICAL", "logged"));
        engine.CheckSyscall("soc-ingest", 1234, "read").ShouldBeNull();
        engine.CheckSyscall("soc-correlate", 1, "clone3")!.Severity.ShouldBe("HIGH");
    }

    [Fact]
    public void Files_blocked_allowed_and_unauthorized()
    {
        var engine = Sample();
        var blocked = engine.CheckFileAccess("soc-ingest", 1, "/etc/shadow").ShouldNotBeNull();
        (blocked.Detail, blocked.Severity, blocked.Rule, blocked.Line).ShouldBe(("blocked file access: /etc/shadow (pattern: /etc/shadow)", "HIGH", "/etc/shadow", 22));
        engine.CheckFileAccess("soc-ingest", 1, "/etc/soc/config.yaml").ShouldBeNull();
        var unauthorized = engine.CheckFileAccess("soc-ingest", 1, "/home/x").ShouldNotBeNull();
        (unauthorized.Detail, unauthorized.Severity).ShouldBe(("unauthorized file access: /home/x", "MEDIUM"));
    }

    [Fact]
    public void Network()
    {
        var engine = Sample();
        var none = engine.CheckNetwork("soc-correlate", 1, "10.0.0.1:443").ShouldNotBeNull();
        (none.Type, none.Detail, none.Severity).ShouldBe(("network", "network access denied (no network allowed): 10.0.0.1:443", "CRITICAL"));
        engine.CheckNetwork("soc-ingest", 1, "listen 0.0.0.0:9750").ShouldBeNull();
        engine.CheckNetwork("soc-ingest", 1, "listen 192.168.1.1:9750").ShouldBeNull();
        engine.CheckNetwork("soc-ingest", 1, "192.168.1.1:9750").ShouldNotBeNull("0.0.0.0:9750 is what it listens on");
        engine.CheckNetwork("soc-ingest", 1, "127.0.0.1:19751").ShouldBeNull();
        engine.CheckNetwork("soc-respond", 1, "203.0.113.1:443").ShouldBeNull();
        engine.CheckNetwork("soc-respond", 1, "203.0.113.1:80").ShouldNotBeNull();
        engine.CheckNetwork("soc-respond", 1, "10.9.9.9:80").ShouldBeNull();
        engine.CheckNetwork("soc-respond", 1, "[::ffff:10.9.9.9]:80").ShouldBeNull("a v4-mapped address is the IPv4 address");
        engine.CheckNetwork("soc-respond", 1, "evil.example:443").ShouldNotBeNull();
    }

    [Theory]
    [InlineData("0.0.0.0:6379")]
    [InlineData("[::]:6379")]
    public void To_connect_to_the_address_that_means_any_is_to_connect_to_this_machine(string target) =>
        PolicyText.Engine("allowed_network: [\"*\"]\nblocked_network: [localhost:6379]").CheckNetwork("app", 1, target).ShouldNotBeNull();

    [Fact]
    public void To_listen_on_every_ipv6_address_is_to_listen_on_ipv4_too() =>
        PolicyText.Engine("allowed_network: [\"*\"]\nblocked_network: [\"listen 0.0.0.0/0:22\"]").CheckNetwork("app", 1, "listen [::]:22").ShouldNotBeNull();

    [Fact]
    public void Memory()
    {
        var engine = Sample();
        var violation = engine.CheckMemory("soc-ingest", 1, 600).ShouldNotBeNull();
        (violation.Type, violation.Detail, violation.Severity).ShouldBe(("resource", "memory limit exceeded: 600MB > 512MB", "HIGH"));
        engine.CheckMemory("soc-ingest", 1, 512).ShouldBeNull();
    }

    [Fact]
    public void Protection_is_about_who_is_done_to()
    {
        var engine = PolicyText.Engine("protect_from: [ptrace]");
        engine.CheckSyscall("app", 1, "ptrace").ShouldBeNull();
        engine.CheckProtection("app", 1, "ptrace")!.Detail.ShouldBe("protected from syscall: ptrace");
    }

    [Fact]
    public void Json_has_the_documents_keys()
    {
        var engine = new GuardEngine(PolicyText.Sample(), new FakeTime(Now));
        var json = JsonSerializer.SerializeToElement(engine.CheckSyscall("soc-ingest", 7, "ptrace")!, GuardJson.Default.Violation);
        json.EnumerateObject().Select(static p => p.Name).Take(8).ShouldBe(["timestamp", "process_name", "pid", "type", "detail", "severity", "action", "policy_mode"]);
        json.GetProperty("timestamp").GetString().ShouldBe("2026-11-21T12:00:00+00:00");
        var stats = JsonSerializer.SerializeToElement(engine.Stats, GuardJson.Default.GuardStats);
        stats.EnumerateObject().Select(static p => p.Name).Take(6).ShouldBe(["total_events", "violations", "blocked", "by_process", "by_type", "started_at"]);
        stats.GetProperty("by_process").GetProperty("soc-ingest").GetInt64().ShouldBe(1);
        stats.GetProperty("by_type").GetProperty("syscall").GetInt64().ShouldBe(1);
    }

    [Fact]
    public void Set_mode_changes_the_next_answer_and_spares_processes_with_a_mode_of_their_own()
    {
        var engine = new GuardEngine(PolicyText.Read("processes:\n  a: {blocked_syscalls: [ptrace]}\n  b: {blocked_syscalls: [ptrace], mode: alert}\n"), TimeProvider.System);
        engine.CheckSyscall("a", 1, "ptrace")!.Action.ShouldBe("logged");
        engine.SetMode(GuardMode.Enforce);
        (engine.Mode, engine.CheckSyscall("a", 1, "ptrace")!.Action, engine.CheckSyscall("b", 1, "ptrace")!.Action).ShouldBe((GuardMode.Enforce, "blocked", "alerted"));
        engine.TrySetMode("b", GuardMode.Enforce).ShouldBeTrue();
        engine.TrySetMode("c", GuardMode.Enforce).ShouldBeFalse();
        engine.CheckSyscall("b", 1, "ptrace")!.Action.ShouldBe("blocked");
    }

    [Fact]
    public void A_reload_changes_rules_and_keeps_numbers_and_the_mode_that_was_set()
    {
        var engine = PolicyText.Engine("blocked_syscalls: [ptrace]", "audit");
        engine.CheckSyscall("app", 1, "ptrace").ShouldNotBeNull();
        engine.SetMode(GuardMode.Enforce);
        engine.Reload(PolicyText.App("blocked_syscalls: [bpf]", "audit"));
        engine.CheckSyscall("app", 1, "ptrace").ShouldBeNull();
        engine.CheckSyscall("app", 1, "bpf")!.Action.ShouldBe("blocked");
        engine.Stats.Violations.ShouldBe(2);
    }

    [Fact]
    public void Handlers_are_told_and_their_faults_do_not_reach_the_check()
    {
        var engine = Sample();
        var told = new List<Violation>();
        engine.OnViolation(static _ => throw new InvalidOperationException());
        engine.OnViolation(told.Add);
        engine.CheckSyscall("soc-ingest", 1, "ptrace").ShouldBe(told.ShouldHaveSingleItem());
        engine.Stats.HandlerFaults.ShouldBe(1);
    }

    [Fact]
    public void A_check_that_is_fine_allocates_nothing()
    {
        var engine = PolicyText.Engine("allowed_files: [/etc/*, /srv/*/data/*]\nallowed_network: [10.0.0.0/8:443]\nblocked_syscalls: [ptrace]");
        NetworkTarget.TryParse("10.1.2.3:443", out var target).ShouldBeTrue();
        long Round()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            engine.CheckFileAccess("app", 1, "/etc/ssl/openssl.cnf"u8);
            engine.CheckFileAccess("app", 1, "/srv/7/data/x");
            engine.CheckNetwork("app", 1, target);
            engine.CheckSyscall("app", 1, "openat");
            engine.CheckMemory("app", 1, 5);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Round();
        Round().ShouldBe(0);
    }

    [Fact]
    public async Task Modes_change_while_others_ask()
    {
        var engine = PolicyText.Engine("blocked_syscalls: [ptrace]");
        var asking = Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                engine.CheckSyscall("app", 1, "ptrace").ShouldNotBeNull("a reload must not leave a moment without rules");
            }
        }, TestContext.Current.CancellationToken);
        while (!asking.IsCompleted)
        {
            engine.SetMode(GuardMode.Alert);
            engine.Reload(PolicyText.App("blocked_syscalls: [ptrace]"));
        }

        await asking;
        engine.Stats.Violations.ShouldBe(20_000);
    }

    private static GuardEngine Sample() => new(PolicyText.Sample(), TimeProvider.System);
}
