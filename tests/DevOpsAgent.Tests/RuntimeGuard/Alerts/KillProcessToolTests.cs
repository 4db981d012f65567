using System.Diagnostics;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Alerts;
using DevOpsAgent.RuntimeGuard.Backends.Proc;
using DevOpsAgent.Signing;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.Store;

namespace DevOpsAgent.Tests.RuntimeGuard.Alerts;

/// <summary>On real processes, through the gateway: what is killed, and what must not be.</summary>
public sealed class KillProcessToolTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly KeyRing _keys = KeyRing.InMemory(TimeProvider.System);
    private readonly GuardEngine _engine = new(PolicyText.Read("mode: enforce\nprocesses: {sleep: {}}\nalerts: {on_critical: [kill_process]}"), TimeProvider.System);
    private readonly KillProcessTool _kill;
    private readonly SqliteStore _store;
    private readonly ReceiptJournal _journal;
    private readonly Gateway _gateway;

    public KillProcessToolTests()
    {
        var tree = new ProcTree();
        _kill = new(tree, (pid, start) => PidKill.TryKill(tree, pid, start), KillProcessTool.Uptime, TimeProvider.System);
        _store = new(Path.Combine(_folder.Path, "receipts.db"));
        _journal = new(_store.Receipts, _keys, TimeProvider.System);
        _gateway = new(_journal, new([new SchemaGuard(), new RateGuard(new RateConfig(), TimeProvider.System), new ResponseGuard(_engine)], new PromotionRules([]), TimeSpan.FromSeconds(5), TimeProvider.System), [_kill], new string('0', 64), TimeProvider.System);
    }

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public void Dispose()
    {
        _journal.Dispose();
        _store.Dispose();
        _keys.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_process_that_did_it_is_killed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs /proc");
        var took = new List<double>();
        for (var i = 0; i < 20; i++)
        {
            using var sleep = Sleep();
            var clock = Stopwatch.StartNew();
            var answer = await CallAsync(new(sleep.Id, "sleep", "blocked syscall: ptrace", Now));
            took.Add(clock.Elapsed.TotalMilliseconds);
            answer.Decision.ShouldBe(Decision.Allow, answer.Text);
            await sleep.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        took.Sort();
        TestContext.Current.TestOutputHelper?.WriteLine($"intent, guards, kill, receipt: median {took[10]:0.0} ms, longest {took[^1]:0.0} ms");
        _store.Receipts.OpenIntents().ShouldBeEmpty();
    }

    [Fact]
    public async Task One_that_only_has_its_number_by_now_lives()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs /proc");
        using var sleep = Sleep();
        try
        {
            (await CallAsync(new(sleep.Id, "sleep", "x", Now - TimeSpan.FromMinutes(1)))).Text.ShouldContain("began later");
            (await CallAsync(new(sleep.Id, "sleep", "x", Now) { StartTicks = 1, IsLimit = true })).Text.ShouldContain("could not be killed");
            sleep.HasExited.ShouldBeFalse();
        }
        finally
        {
            sleep.Kill();
        }
    }

    [Theory]
    [InlineData(1, "never")]
    [InlineData(-1, "never")] // this process
    [InlineData(0, "no_process")]
    public async Task Init_and_the_guard_itself_are_never_killed(int pid, string code) =>
        (await CallAsync(new(pid < 0 ? Environment.ProcessId : pid, "sleep", "x", Now))).Reason.ShouldBe("guard_policy." + code);

    [Fact]
    public async Task Only_in_mode_enforce_of_a_policy_that_asks_for_it()
    {
        using var sleep = Sleep();
        try
        {
            (await CallAsync(new(sleep.Id, "other", "x", Now))).Reason.ShouldBe("guard_policy.no_such_process");
            _engine.SetMode(DevOpsAgent.RuntimeGuard.Policy.GuardMode.Alert);
            (await CallAsync(new(sleep.Id, "sleep", "x", Now))).Reason.ShouldBe("guard_policy.not_enforced");
            _engine.SetMode(DevOpsAgent.RuntimeGuard.Policy.GuardMode.Enforce);
            _engine.Reload(PolicyText.Read("processes: {sleep: {}}\nalerts: {on_critical: [log_to_syslog]}"));
            (await CallAsync(new(sleep.Id, "sleep", "x", Now))).Reason.ShouldBe("guard_policy.not_asked_for");
            sleep.HasExited.ShouldBeFalse();
        }
        finally
        {
            sleep.Kill();
        }
    }

    [Fact]
    public async Task No_model_can_name_a_process() =>
        (await _gateway.CallAsync("kill_process", System.Text.Json.JsonDocument.Parse("""{"pid": 4711, "process": "sleep", "reason": "x"}""").RootElement, new("model m", "model", "mcp", CallerKind.Model), TestContext.Current.CancellationToken))
            .Decision.ShouldBe(Decision.Deny);

    private Task<CallAnswer> CallAsync(ProcessRequest request) => _gateway.CallAsync(_kill, request, GuardResponder.CallerOf("sleep"), null, TestContext.Current.CancellationToken);

    private static Process Sleep() => Started(new() { StartInfo = new("/bin/sleep", "60") { UseShellExecute = false } });

    private static Process Started(Process process)
    {
        process.Start();
        return process;
    }
}
