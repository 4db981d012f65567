using DevOpsAgent.Configuration;
using DevOpsAgent.RuntimeGuard;
using FsCheck;
using FsCheck.Fluent;

namespace DevOpsAgent.Tests.RuntimeGuard;

public sealed class LearnedPolicyTests
{
    [Fact]
    public void A_policy_is_as_narrow_as_what_was_seen()
    {
        var text = LearnedPolicy.Write(
        [
            File("/usr/lib/libc.so.6"), File("/etc/app.conf"), File("/proc/4711/net/tcp"),
            .. Enumerable.Range(0, 9).Select(static i => File($"/var/lib/app/{i}")), .. Enumerable.Range(0, 9).Select(static i => File($"/etc/{i}")),
            Of(GuardEventKind.Connect, "10.0.0.1:443"), Of(GuardEventKind.Listen, "[::]:80"), Of(GuardEventKind.Listen, "0.0.0.0:45000"),
            Of(GuardEventKind.Exec, "/usr/bin/git"), Of(GuardEventKind.Syscall, "io_uring_setup"), new() { Process = "app", Kind = GuardEventKind.Memory, Value = 100 },
        ], new Dictionary<string, IReadOnlyList<string>> { ["app"] = ["unit: app.service"] });
        var app = PolicyText.Read(text).Find("app")!;
        app.Selectors.Unit.ShouldBe(["app.service"]);
        app.AllowedFiles.Select(static r => r.Text).ShouldBe(["@runtime", .. Enumerable.Range(0, 9).Select(static i => $"/etc/{i}"), "/etc/app.conf", "/proc/*/net/tcp", "/var/lib/app/*"]);
        app.AllowedNetwork.Select(static r => r.Text).ShouldBe(["connect 10.0.0.1:443", "listen 0.0.0.0/0:32768-60999", "listen ::/0:80"]);
        app.AllowedExec!.Select(static r => r.Text).ShouldBe(["/usr/bin/git"]);
        app.BlockedSyscalls.Select(static r => r.Text).ShouldContain("ptrace");
        app.BlockedSyscalls.Select(static r => r.Text).ShouldNotContain("io_uring_setup");
        app.MaxMemoryMb.ShouldBe(192);
    }

    [Fact]
    public void Whatever_was_seen_the_policy_passes_its_own_recording()
    {
        var part = Gen.Elements("a", "b c", "*", "?", "[x]", "\"q\"", "ä", "x\ny", "4711", "#", ": ", "proc", "etc", "'", "{a}", "-");
        var path = Gen.Choose(1, 5).SelectMany(n => Gen.ListOf(part, n)).Select(static p => "/" + string.Join('/', p));
        var seen = Gen.OneOf(
            path.Select(File), path.Select(static p => Of(GuardEventKind.Exec, p)), path.Select(static p => File("/proc/12" + p)),
            Gen.Choose(0, 255).SelectMany(static a => Gen.Choose(0, 65535).SelectMany(p => Gen.Elements(Of(GuardEventKind.Connect, $"{a}.{a % 3}.0.1:{p}"), Of(GuardEventKind.Listen, $"[2001:db8::{a:x}]:{p}"), Of(GuardEventKind.Listen, $"0.0.0.0:{p}"), Of(GuardEventKind.Connect, $"[::]:{p}")))),
            Gen.Elements("ptrace", "mount", "clone", "socket").Select(static s => Of(GuardEventKind.Syscall, s)),
            Gen.Choose(1, 100_000).Select(static v => new GuardEvent { Process = "app", Kind = GuardEventKind.Memory, Value = v }),
            Gen.Choose(1, 3000).Select(static v => new GuardEvent { Process = "app", Kind = GuardEventKind.Cpu, Value = v }));
        Prop.ForAll(Arb.From(Gen.NonEmptyListOf(seen)), static events =>
        {
            var policy = PolicyText.Read(LearnedPolicy.Write([.. events], new Dictionary<string, IReadOnlyList<string>>()));
            PolicySimulation.Run(policy, events, TimeProvider.System).Findings.Select(static f => f.Violation.Detail).ShouldBeEmpty();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(400));
    }

    [Fact]
    public void A_simulation_counts_and_names_what_has_no_policy()
    {
        var result = PolicySimulation.Run(PolicyText.App("blocked_files: [/etc/shadow]", "alert"), [File("/etc/shadow"), File("/etc/shadow"), File("/etc/hosts"), new() { Process = "other" }], TimeProvider.System);
        (result.Events, result.Violations, result.Unknown["other"]).ShouldBe((3, 2, 1));
        var finding = result.Findings.ShouldHaveSingleItem();
        (finding.Count, finding.Violation.Action).ShouldBe((2, "alerted"));
    }

    [Theory]
    [InlineData("{\"process\":\"app\",\"kind\":\"file\",\"subject\":\"/x\"}", null)]
    [InlineData("", null)]
    [InlineData("{", "events:1:1: is not an event")]
    [InlineData("{\"kind\":\"file\"}", "events:1:1: has no 'process'")]
    [InlineData("{\"process\":\"a\",\"kind\":\"magic\"}", "events:1:1: is not an event")]
    [InlineData("{\"process\":\"a\",\"subject\":null}", "events:1:1: has no 'process'")]
    [InlineData("null", "events:1:1: has no 'process'")]
    public void Lines_that_are_no_events_are_named(string line, string? expected)
    {
        var problems = new List<ConfigProblem>();
        EventFile.Read(new StringReader(line), "events", problems);
        (problems.Count == 0 ? null : problems[0].ToString()).ShouldStartWithOrNull(expected);
    }

    private static GuardEvent File(string path) => Of(GuardEventKind.File, path);

    private static GuardEvent Of(GuardEventKind kind, string subject) => new() { Process = "app", Kind = kind, Subject = subject };
}

file static class Starts
{
    public static void ShouldStartWithOrNull(this string? text, string? expected)
    {
        if (expected is null)
        {
            text.ShouldBeNull();
        }
        else
        {
            text.ShouldNotBeNull().ShouldStartWith(expected);
        }
    }
}
