using DevOpsAgent.RuntimeGuard;

namespace DevOpsAgent.Tests.RuntimeGuard;

/// <summary>Each fault of the Go engine, by its name, repaired.</summary>
public sealed class GoDocumentFaultTests
{
    [Fact]
    public void An_unknown_process_passes_but_not_silently()
    {
        var engine = PolicyText.Engine("blocked_syscalls: [ptrace]");
        engine.CheckSyscall("other", 1, "ptrace").ShouldBeNull();
        engine.Stats.Unknown.ShouldBe(1);
    }

    [Fact]
    public void A_non_empty_allowed_network_permits_only_what_is_in_it()
    {
        var engine = PolicyText.Engine("allowed_network: [10.0.0.0/8:443]");
        engine.CheckNetwork("app", 1, "10.1.2.3:443").ShouldBeNull();
        engine.CheckNetwork("app", 1, "10.1.2.3:80").ShouldNotBeNull().Detail.ShouldBe("unauthorized network access: 10.1.2.3:80");
        engine.CheckNetwork("app", 1, "203.0.113.9:443").ShouldNotBeNull();
    }

    [Fact]
    public void Blocked_network_is_used_and_wins()
    {
        var engine = PolicyText.Engine("allowed_network: [0.0.0.0/0:443]\nblocked_network: [169.254.169.254]");
        var violation = engine.CheckNetwork("app", 1, "169.254.169.254:443").ShouldNotBeNull();
        violation.Detail.ShouldBe("blocked network access: 169.254.169.254:443 (pattern: 169.254.169.254)");
        violation.Severity.ShouldBe("HIGH");
    }

    [Fact]
    public void Allowed_exec_is_used()
    {
        var engine = PolicyText.Engine("allowed_exec: [/usr/bin/git]");
        engine.CheckExec("app", 1, "/usr/bin/git").ShouldBeNull();
        var violation = engine.CheckExec("app", 1, "/bin/sh").ShouldNotBeNull();
        (violation.Type, violation.Detail, violation.Action).ShouldBe(("exec", "unauthorized exec: /bin/sh", "blocked"));
    }

    [Fact]
    public void Max_cpu_percent_is_used()
    {
        var engine = PolicyText.Engine("max_cpu_percent: 80");
        engine.CheckCpu("app", 1, 80).ShouldBeNull();
        engine.CheckCpu("app", 1, 81).ShouldNotBeNull().Detail.ShouldBe("cpu limit exceeded: 81% > 80%");
    }

    [Fact]
    public void A_directory_pattern_does_not_match_its_neighbours()
    {
        var engine = PolicyText.Engine("blocked_files: [/etc/*]");
        engine.CheckFileAccess("app", 1, "/etcetera").ShouldBeNull();
        engine.CheckFileAccess("app", 1, "/etc/x").ShouldNotBeNull();
        engine.CheckFileAccess("app", 1, "/etc").ShouldNotBeNull();
    }

    [Fact]
    public void A_star_in_the_middle_matches_one_component()
    {
        var engine = PolicyText.Engine("blocked_files: [/proc/*/mem]");
        engine.CheckFileAccess("app", 1, "/proc/4711/mem").ShouldNotBeNull().Detail.ShouldBe("blocked file access: /proc/4711/mem (pattern: /proc/*/mem)");
        engine.CheckFileAccess("app", 1, "/proc/4711/task/4711/mem").ShouldBeNull();
        engine.CheckFileAccess("app", 1, "/proc/mem").ShouldBeNull();
    }

    [Theory]
    [InlineData("audit", "logged")]
    [InlineData("alert", "alerted")]
    [InlineData("enforce", "blocked")]
    public void Alert_mode_says_alerted_for_every_type(string mode, string action)
    {
        var engine = PolicyText.Engine("blocked_syscalls: [ptrace]\nblocked_files: [/etc/shadow]\nallowed_files: [/a]\nmax_memory_mb: 1", mode);
        engine.CheckSyscall("app", 1, "ptrace")!.Action.ShouldBe(action);
        engine.CheckFileAccess("app", 1, "/etc/shadow")!.Action.ShouldBe(action);
        engine.CheckFileAccess("app", 1, "/b")!.Action.ShouldBe(action);
        engine.CheckNetwork("app", 1, "10.0.0.1:1")!.Action.ShouldBe(action);
        engine.CheckMemory("app", 1, 2)!.Action.ShouldBe(action);
    }

    [Fact]
    public void The_case_of_a_system_call_changes_neither_match_nor_severity()
    {
        var engine = PolicyText.Engine("blocked_syscalls: [Ptrace]");
        engine.CheckSyscall("app", 1, "PTRACE").ShouldNotBeNull().Severity.ShouldBe("CRITICAL");
    }

    [Theory]
    [InlineData("/etc/../etc/shadow")]
    [InlineData("//etc//shadow")]
    [InlineData("/etc/./shadow")]
    [InlineData("/etc/shadow/")]
    [InlineData("/../etc/shadow")]
    [InlineData("/etc/ssl/certs/../../shadow")]
    public void Paths_are_made_canonical(string path) =>
        PolicyText.Engine("blocked_files: [/etc/shadow]\nallowed_files: [/etc/ssl/*, /*]").CheckFileAccess("app", 1, path).ShouldNotBeNull();

    [Theory]
    [InlineData("etc/shadow")]
    [InlineData("")]
    [InlineData("/etc/shadow\0.txt")]
    public void A_path_that_nobody_can_resolve_is_denied_and_counted(string path)
    {
        var engine = PolicyText.Engine("allowed_files: [/*]");
        engine.CheckFileAccess("app", 1, path).ShouldNotBeNull();
        engine.CheckFileAccess("app", 1, "/" + new string('a', 5000)).ShouldNotBeNull();
        engine.Stats.Unresolved.ShouldBe(2);
    }

    [Fact]
    public void Total_events_counts_what_was_fine_too()
    {
        var engine = PolicyText.Engine("blocked_syscalls: [ptrace]");
        engine.CheckSyscall("app", 1, "read");
        engine.CheckSyscall("app", 1, "ptrace");
        (engine.Stats.TotalEvents, engine.Stats.Violations, engine.Stats.Blocked).ShouldBe((2, 1, 1));
    }
}
