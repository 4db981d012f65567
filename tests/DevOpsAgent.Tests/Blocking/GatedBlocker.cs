using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Incidents;
using DevOpsAgent.Service;
using DevOpsAgent.Signing;
using DevOpsAgent.Store;

namespace DevOpsAgent.Tests.Blocking;

/// <summary>A blocker behind its gateway, as the service has it: the guards of a block, in mode auto unless a test says otherwise.</summary>
internal sealed class GatedBlocker : IAsyncDisposable
{
    private readonly KeyRing _keys = KeyRing.InMemory(TimeProvider.System);

    public GatedBlocker(IStore store, NeverBlocked never, IBlockTarget target, BlockingConfig config, TimeProvider time, Action<BlockEvent> onEvent, Func<Mode>? mode = null)
    {
        var guards = new GuardSet(new AgentConfig { Blocking = config }, store, never, mode ?? (static () => Mode.Auto), time);
        Blocker = new(store, never, target, config, time, guards.Preview.Refusal, onEvent);
        var desk = new IncidentDesk(store, time, config.MaxTtl);
        var entries = new AllowlistDesk(store, time);
        var tools = new EffectTools(new(Blocker, config), new(Blocker, store), new(desk, store), new(entries, store), new(entries, store), new(entries), new(new ModeSwitch(store, Mode.Auto)), new(store.Behaviour));
        Receipts = new();
        Journal = new(Receipts, _keys, TimeProvider.System);

        // A clock that a test moves by hand must not end a guard's time.
        Gateway = new(Journal, guards.Pipeline(new() { TimeLimit = TimeSpan.FromSeconds(30) }, TimeProvider.System), tools.All, new string('0', 64), time);
        Effects = new(Gateway, tools, time, onEvent);
    }

    public Blocker Blocker { get; }
    public Gateway Gateway { get; }
    public Effects Effects { get; }
    public ReceiptJournal Journal { get; }
    public MemoryReceiptStore Receipts { get; }

    public Task<IReadOnlyList<BlockAnswer>> BlockAsync(IReadOnlyList<BlockRequest> requests) => Effects.BlockAsync(requests, CancellationToken.None);

    public async Task<TargetResult?> LiftAsync(long block, string by, string origin) => (await Effects.UnblockAsync([block], Caller.Person(by, origin), CancellationToken.None))[0].Outcome?.Written;

    public Task<TargetResult> SyncAsync() => Blocker.SyncAsync();

    public Task<TargetResult> ReconcileAsync() => Blocker.ReconcileAsync();

    public Task<TargetState> VerifyAsync() => Blocker.VerifyAsync();

    public Task RunAsync(CancellationToken cancellationToken) => Blocker.RunAsync(cancellationToken);

    public BlockPlan Plan(IReadOnlyList<BlockRequest> requests) => Blocker.Plan(requests);

    public string Export() => Blocker.Export();

    public async ValueTask DisposeAsync()
    {
        await Blocker.DisposeAsync();
        Journal.Dispose();
        _keys.Dispose();
    }
}
