using DevOpsAgent.Configuration;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Policy;
using FsCheck;
using FsCheck.Fluent;

namespace DevOpsAgent.Tests.RuntimeGuard.Policy;

public sealed class PolicyReaderTests
{
    [Fact]
    public void The_documents_sample_loads_unchanged()
    {
        var policy = PolicyText.Sample();
        policy.Version.ShouldBe("1.0");
        policy.Mode.ShouldBe(GuardMode.Audit);
        policy.Processes.Select(static p => p.Name).ShouldBe(["soc-ingest", "soc-correlate", "soc-respond"]);
        policy.Alerts.OnViolation.ShouldBe(["log_to_syslog", "send_to_soc_dashboard", "increment_circuit_breaker"]);
        policy.Alerts.OnCritical.ShouldBe(["kill_process", "isolate_network", "notify_architect"]);
        policy.Find("soc-correlate")!.AllowedNetwork.ShouldBeEmpty();
        policy.Find("soc-ingest")!.MaxMemoryMb.ShouldBe(512);
        policy.Find("soc-ingest")!.BlockedFiles[3].Line.ShouldBe(25);
    }

    [Fact]
    public void Every_key_is_read()
    {
        var policy = PolicyText.Read(File.ReadAllText(PolicyText.Case("every-key")));
        policy.RequireBlock.ShouldBeTrue();
        policy.OnAgentExit.ShouldBe(AgentExit.Release);
        var traefik = policy.Find("traefik")!;
        traefik.Mode.ShouldBe(GuardMode.Enforce);
        traefik.Selectors.Exe.ShouldBe(["/usr/local/bin/traefik"]);
        traefik.Selectors.Unit.ShouldBe(["traefik.service"]);
        traefik.Selectors.Uid.ShouldBe([0, 1000]);
        traefik.AllowedExec.ShouldNotBeNull().ShouldBeEmpty();
        traefik.BlockedSyscalls.SelectMany(static r => r.Values).ShouldBe(["ptrace", "425"]);
        traefik.MaxCpuPercent.ShouldBe(250);
        policy.Find("everything-below")!.Selectors.Cgroup.Count.ShouldBe(2);
        policy.Find("everything-below")!.AllowedExec.ShouldBeNull();
    }

    [Fact]
    public void Everything_wrong_is_named_with_file_line_column_and_the_nearest_key()
    {
        var problems = new List<ConfigProblem>();
        PolicyReader.Read(File.ReadAllText(PolicyText.Case("wrong")), "policy.yaml", static _ => null, problems).ShouldBeNull();
        problems.OrderBy(static p => p.Line).ThenBy(static p => p.Column).Select(static p => p.ToString())
            .ShouldBe(File.ReadAllLines(PolicyText.Case("wrong", "expected.txt")));
    }

    [Theory]
    [InlineData("", "policy has no process definitions")]
    [InlineData("processes:\n", "policy has no process definitions")]
    [InlineData("processes: {}\n", "policy has no process definitions")]
    [InlineData("- a\n", "must be a group of keys")]
    [InlineData("processes:\n  a: {}\n  a: {}\n", "a second time")]
    public void A_policy_without_processes_is_refused(string yaml, string expected)
    {
        var problems = new List<ConfigProblem>();
        PolicyReader.Read(yaml, "policy.yaml", static _ => null, problems).ShouldBeNull();
        problems.ShouldContain(p => p.Message.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void Missing_version_and_mode_have_the_documents_defaults()
    {
        var policy = PolicyText.Read("processes:\n  a: {}\n");
        policy.Version.ShouldBe("1.0");
        policy.Mode.ShouldBe(GuardMode.Audit);
    }

    [Fact]
    public void The_pattern_number_17_with_a_star_in_its_middle_is_refused()
    {
        var lines = "blocked_files:\n" + string.Join('\n', Enumerable.Range(0, 17).Select(static i => $"  - /srv/*/x{i}"));
        var problems = new List<ConfigProblem>();
        PolicyReader.Read("processes:\n  a:\n    " + lines.Replace("\n", "\n    ", StringComparison.Ordinal), "p", static _ => null, problems).ShouldBeNull();
        problems.ShouldHaveSingleItem().ToString().ShouldStartWith("p:20:9: '/srv/*/x16' is the pattern number 17");
    }

    [Fact]
    public void What_is_hardly_meant_is_warned_of()
    {
        var policy = PolicyText.App("allowed_files: [/proc/self/maps]\nblocked_network: [10.0.0.0/8]");
        policy.Warnings.Select(static w => w.Message).ShouldBe(
        [
            "'/proc/self/maps' never matches: the kernel names the directory by its number; write /proc/*/maps",
            "'blocked_network' of 'app' adds nothing: without 'allowed_network' it has no network at all; for all but these write allowed_network: [\"*\"]",
            "'allowed_files' of 'app' has no @runtime: its loader and C library are not allowed; under enforce it can't start",
        ]);
    }

    [Fact]
    public void A_program_without_a_slash_is_looked_for_where_programs_are()
    {
        var engine = PolicyText.Engine("allowed_exec: [git]");
        engine.CheckExec("app", 1, "/usr/bin/git").ShouldBeNull();
        engine.CheckExec("app", 1, "/tmp/git").ShouldNotBeNull().Detail.ShouldBe("unauthorized exec: /tmp/git");
    }

    [Fact]
    public void A_link_is_matched_by_both_names()
    {
        var policy = PolicyReader.Read("processes:\n  app:\n    blocked_files: [/bin/*, /etc/alias]\n", "p", static path => path switch { "/bin" => "/usr/bin", "/etc/alias" => "/etc/real", _ => null }, []);
        var engine = new GuardEngine(policy!, TimeProvider.System);
        foreach (var path in new[] { "/bin/sh", "/usr/bin/sh", "/etc/alias", "/etc/real" })
        {
            engine.CheckFileAccess("app", 1, path).ShouldNotBeNull(path);
        }
    }

    [Fact]
    public void Any_text_is_read_or_refused_and_never_throws()
    {
        var pieces = Gen.Elements(
            "processes:", "\n", "\n  ", "\n    ", "\n      - ", "app", "allowed_files", "blocked_network", "mode", ": ", "[", "]", "{", "}", "/etc/*", "/a/*/b", "*", "10.0.0.0/8:443", "listen ", "::1", "ptrace",
            "@runtime", "&a", "*a", "\"", "'", "#", "- ", "\t", "\u0000", "\ud800", "999999999999", "~", "!!int", "<<", "---");
        Prop.ForAll(Arb.From(Gen.ListOf(pieces)), static parts =>
        {
            var problems = new List<ConfigProblem>();
            var policy = PolicyReader.Read(string.Concat(parts), "p", static _ => null, problems);
            return policy is null ? problems.Count > 0 : CompiledPolicy.Of(policy).ByName.Count > 0;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }
}
