using DevOpsAgent.App.Views;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Alerts;
using DevOpsAgent.RuntimeGuard.Backends;
using DevOpsAgent.RuntimeGuard.Backends.Proc;
using DevOpsAgent.Signing;
using DevOpsAgent.Tests.Configuration;

namespace DevOpsAgent.Tests.RuntimeGuard.Alerts;

/// <summary>An engine with a policy, alerts over a journal in a folder, and a gateway whose effects are only written down.</summary>
internal sealed class ResponseRig : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ReceiptJournal _receipts;

    public ResponseRig(string policy, INetworkIsolation? isolation = null, bool kills = true, FakeTime? time = null)
    {
        Time = time ?? new FakeTime();
        Backend = new(Enforcement.Observe);
        Guard = new(PolicyText.Read(policy), Backend, null, Time, TimeSpan.FromSeconds(1), static (_, _) => { });
        Journal = AlertJournal.Open(_folder.Path, 1 << 20, static (_, _) => { });
        _receipts = new(Store, KeyRing.InMemory(Time), Time);
        var kill = new KillProcessTool(Tree(), (pid, _) => { Killed.Add(pid); return kills; }, static () => TimeSpan.FromSeconds(1_000), Time);
        var isolate = new IsolateNetworkTool(isolation, "fake");
        IGuard[] guards = [new SchemaGuard(), new RateGuard(new RateConfig(), Time), new ResponseGuard(Guard.Engine)];
        Gateway = new(_receipts, new(guards, new PromotionRules([]), TimeSpan.FromSeconds(5), Time), [kill, isolate, new SetGuardModeTool(Guard)], new string('0', 64), Time);
        Responder = new(Gateway, kill, isolate, isolation is not null, Time);
        Alerts = new(Guard.Engine, Journal, [], new ProcessTrees(Tree(), Path.Combine(_folder.Path, "proc")), Responder, Time, (_, text) => Said.Add(text));
        Guard.Engine.OnViolation(Alerts.Take);
    }

    public FakeTime Time { get; }
    public FakeBackend Backend { get; }
    public GuardService Guard { get; }
    public AlertJournal Journal { get; }
    public MemoryReceiptStore Store { get; } = new();
    public Gateway Gateway { get; }
    public GuardResponder Responder { get; }
    public GuardAlerts Alerts { get; }
    public List<int> Killed { get; } = [];
    public List<string> Said { get; } = [];

    /// <summary>Every process with a number below 10000 began a second after boot.</summary>
    public ProcTree Tree()
    {
        foreach (var (pid, parent) in ((int, int)[])[(1, 0), (40, 1), (4711, 40), (4712, 4711), (4713, 40)])
        {
            var process = Directory.CreateDirectory(Path.Combine(_folder.Path, "proc", $"{pid}")).FullName;
            File.WriteAllText(Path.Combine(process, "stat"), $"{pid} (a) b) S {parent} 1 1 0 -1 4194304 1 0 0 0 5 5 0 0 20 0 1 0 100 1000 200 0 0");
            File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(process, "task", $"{pid}")).FullName, "children"), pid == 4711 ? "4712 " : "");
            File.WriteAllText(Path.Combine(process, "status"), "Uid:\t0\t33\t33\t33\n");
        }

        return new(Path.Combine(_folder.Path, "proc"));
    }

    /// <summary>Lets the engine see this, and the alerts do what follows.</summary>
    public async Task<IReadOnlyList<Alert>> RunAsync(params IEnumerable<(int Pid, string File)> opened)
    {
        foreach (var (pid, file) in opened)
        {
            Guard.Engine.Judge(new() { Process = "app", Pid = pid, Kind = GuardEventKind.File, Subject = file, Time = Time.GetUtcNow() });
        }

        var before = Journal.Last;
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        await Alerts.RunAsync(stop.Token);
        return Journal.Read(before, 1_000).Alerts;
    }

    /// <summary>The oldest first.</summary>
    public IReadOnlyList<ReceiptView> Receipts() => [.. Store.List(new() { Limit = 1_000 }, out _).Reverse().Select(ReceiptView.Of)];

    public void Dispose()
    {
        _receipts.Dispose();
        Journal.Dispose();
        _folder.Dispose();
    }
}
