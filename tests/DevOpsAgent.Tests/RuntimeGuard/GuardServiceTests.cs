using DevOpsAgent.Configuration;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Backends;
using DevOpsAgent.RuntimeGuard.Policy;
using DevOpsAgent.Tests.Configuration;

namespace DevOpsAgent.Tests.RuntimeGuard;

public sealed class GuardServiceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _said = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Events_are_judged_and_all_of_them_before_the_end()
    {
        await using var backend = new FakeBackend(Enforcement.Block);
        await using var guard = Service(backend, "blocked_files: [/etc/shadow]");
        var violations = new List<Violation>();
        guard.Engine.OnViolation(violations.Add);
        using var stop = new CancellationTokenSource();
        for (var i = 0; i < 100; i++)
        {
            backend.Tell(new() { Process = "app", Kind = GuardEventKind.File, Subject = "/etc/shadow" });
        }

        var running = guard.RunAsync(stop.Token);
        await stop.CancelAsync();
        await running;
        violations.Count.ShouldBe(100);
        violations.ShouldAllBe(static v => v.Action == "blocked" && v.Backend == "fake");
    }

    [Theory]
    [InlineData("Observe", "alerted")]
    [InlineData("KillLate", "alerted")]
    [InlineData("Block", "blocked")]
    public void A_backend_that_only_observes_never_says_blocked(string able, string action)
    {
        var engine = new GuardEngine(PolicyText.App("blocked_files: [/etc/shadow]"), TimeProvider.System, new FakeBackend(Enum.Parse<Enforcement>(able)));
        var violation = engine.Judge(new() { Process = "app", Kind = GuardEventKind.File, Subject = "/etc/shadow" }).ShouldNotBeNull();
        (violation.Action, violation.WouldAction).ShouldBe((action, "blocked"));
    }

    [Fact]
    public void What_the_backend_did_by_itself_is_what_the_violation_says()
    {
        var engine = new GuardEngine(PolicyText.App("max_memory_mb: 5"), TimeProvider.System, new FakeBackend(Enforcement.KillLate));
        engine.Judge(new() { Process = "app", Kind = GuardEventKind.Memory, Value = 6, Outcome = "killed", Method = "sampled" })!.ShouldSatisfyAllConditions(
            static v => v.Action.ShouldBe("killed"), static v => v.Method.ShouldBe("sampled"));
        engine.Stats.Killed.ShouldBe(1);
    }

    [Fact]
    public void A_change_of_mode_reaches_the_backend_and_names_what_it_can_not_enforce()
    {
        var backend = new FakeBackend(Enforcement.Observe);
        var guard = Service(backend, "blocked_files: [/etc/shadow]", "audit");
        guard.Unmet.Select(static u => u.Rule).ShouldBeEmpty();
        guard.SetMode(GuardMode.Enforce, "user 0");
        backend.Loaded[^1].Mode.ShouldBe(GuardMode.Enforce);
        guard.Unmet.Select(static u => u.Rule).ShouldBe(["/etc/shadow", "[]"]);
        _said.ShouldContain("app (line 4): blocked_files: /etc/shadow can't be enforced: it is only observed, after the fact");
    }

    [Fact]
    public void A_policy_file_is_loaded_again_once_two_looks_agree()
    {
        var file = _folder.Write("policy.yaml", "processes:\n  app: {}\n");
        var watch = new PolicyWatch(file);
        Look(watch).Policy.ShouldBeNull();
        File.WriteAllText(file, "processes:\n  app: {}\n  more: {}\n");
        Look(watch).Policy.ShouldBeNull("it may still be written");
        Look(watch).Policy.ShouldNotBeNull().Processes.Count.ShouldBe(2);
        Look(watch).Policy.ShouldBeNull();
    }

    [Fact]
    public void A_half_written_policy_changes_nothing_and_is_told_once()
    {
        var file = _folder.Write("policy.yaml", "processes:\n  app: {}\n");
        var watch = new PolicyWatch(file);
        File.WriteAllText(file, "processes:\n  app: {allowed_fi");
        Look(watch).Problems.ShouldBeEmpty();
        var (policy, problems) = Look(watch);
        policy.ShouldBeNull();
        problems.ShouldNotBeEmpty();
        Look(watch).Problems.ShouldBeEmpty();
    }

    [Fact]
    public void A_deleted_policy_changes_nothing_and_its_return_is_seen()
    {
        var file = _folder.Write("policy.yaml", "processes:\n  app: {}\n");
        var watch = new PolicyWatch(file);
        File.Delete(file);
        Look(watch);
        Look(watch).Problems.ShouldHaveSingleItem().Message.ShouldBe("was deleted; the last policy stays in force");
        File.WriteAllText(file, "processes:\n  app: {}\n");
        Look(watch);
        Look(watch).Policy.ShouldNotBeNull();
    }

    [Fact]
    public void A_policy_that_becomes_a_link_changes_nothing()
    {
        var file = _folder.Write("policy.yaml", "processes:\n  app: {blocked_syscalls: [ptrace]}\n");
        var other = _folder.Write("other.yaml", "processes:\n  nothing: {}\n");
        var watch = new PolicyWatch(file);
        File.Delete(file);
        File.CreateSymbolicLink(file, other);
        Look(watch);
        Look(watch).Problems.ShouldHaveSingleItem().Message.ShouldStartWith("was a file and is now a link");
        File.AppendAllText(other, "# again\n");
        Look(watch);
        Look(watch).Policy.ShouldBeNull("nor does a later change of what it leads to");
    }

    [Fact]
    public void A_policy_that_everybody_may_write_is_refused()
    {
        var file = _folder.Write("policy.yaml", "processes:\n  app: {}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.OtherWrite);
            Should.Throw<ConfigException>(() => PolicyFile.Load(file)).Message.ShouldContain("chmod o-w");
        }
    }

    [Fact]
    public void A_missing_policy_says_what_to_do() =>
        Should.Throw<ConfigException>(() => PolicyFile.Load(Path.Combine(_folder.Path, "none.yaml"))).Message.ShouldContain("guard learn");

    private static (GuardPolicy? Policy, List<ConfigProblem> Problems) Look(PolicyWatch watch)
    {
        var problems = new List<ConfigProblem>();
        return (watch.Look(problems), problems);
    }

    private GuardService Service(FakeBackend backend, string lines, string mode = "enforce") =>
        new(PolicyText.App(lines, mode), backend, null, TimeProvider.System, TimeSpan.FromSeconds(1), (_, text) => _said.Add(text));
}
