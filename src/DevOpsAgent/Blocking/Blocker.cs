using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Store;

namespace DevOpsAgent.Blocking;

/// <summary>
/// The Blocker is the only one who changes a target. It makes the target equal to the store's live blocks: after a
/// permit, a lift, an expiry, a start or somebody else's edit. What it was asked stands in the store before, what came of it after.
/// Expiry, repair and reconciling are no calls of a tool and need no permit: they only end what a permit allowed for a time, or
/// restore it.
/// </summary>
internal sealed class Blocker : IAsyncDisposable
{
    private static readonly TimeSpan VerifyEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly IStore _store;
    private readonly PendingBlocks _pending;
    private readonly NeverBlocked _never;
    private readonly IBlockTarget _target;
    private readonly BlockingConfig _config;
    private readonly TimeProvider _time;
    private readonly Action<BlockEvent> _onEvent;
    private readonly Func<BlockRequest, GuardDecision?> _refusal;
    private readonly Func<IReadOnlyList<long>, CancellationToken, Task>? _agent;
    private readonly BlockLedger _ledger;
    private readonly WriteThrottle _throttle;

    /// <summary>What the target was last made equal to; null before the first write.</summary>
    private volatile DenyList? _applied;

    /// <summary>The last write failed, or was not recorded: it is tried again.</summary>
    private volatile bool _behind;

    /// <summary>The last good answer of the target.</summary>
    private volatile TargetResult? _lastGood;

    private int _writesBegun, _writesEnded;
    private string? _lastTrouble;

    /// <param name="refusal">For plans: why a block would be refused; null where it would be done.</param>
    /// <param name="onEvent">Called from the writing thread; must not wait for this object.</param>
    /// <param name="agent">
    /// Where another process is the agent and alone writes the target: waits until it has done so for these blocks, or has been given enough time.
    /// Null: this one writes it.
    /// </param>
    public Blocker(
        IStore store, NeverBlocked never, IBlockTarget target, BlockingConfig config, TimeProvider time, Func<BlockRequest, GuardDecision?> refusal, Action<BlockEvent> onEvent,
        Func<IReadOnlyList<long>, CancellationToken, Task>? agent = null)
    {
        (_store, _never, _target, _config, _time, _refusal, _onEvent, _agent) = (store, never, target, config, time, refusal, onEvent, agent);
        _pending = new(store, config, () => target.Description, time);
        _ledger = new(store, never, time);
        _throttle = new(() => WriteAsync(verify: false), time);
    }

    public ValueTask DisposeAsync() => _throttle.DisposeAsync();

    /// <summary>
    /// Denies what the permits allow; returns the blocks as they are stored now, in the same order. They are stored, pending,
    /// before the first await.
    /// </summary>
    /// <exception cref="InvalidOperationException">A permit that was used before.</exception>
    /// <exception cref="StoreException">Not stored, or the effect could not be recorded; that is reconciled later.</exception>
    public async Task<IReadOnlyList<Block>> ApplyAsync(IReadOnlyList<Permit<BlockRequest>> permits, CancellationToken cancellationToken)
    {
        if (permits.Count == 0)
        {
            return [];
        }

        var blocks = _pending.Add([.. permits.Select(static p => p.Take())]);
        await CarryOutAsync([.. blocks.Select(static b => b.Id)], cancellationToken);
        return [.. blocks.Select(b => _store.GetBlock(b.Id) ?? b)];
    }

    /// <summary>Ends live blocks, all in one write. One outcome per permit, in order.</summary>
    /// <exception cref="InvalidOperationException">A permit that was used before.</exception>
    public async Task<IReadOnlyList<LiftOutcome>> LiftAsync(IReadOnlyList<Permit<UnblockRequest>> permits, CancellationToken cancellationToken)
    {
        var events = new List<BlockEvent>();
        var lifted = new List<(long Id, bool Live)>(permits.Count);
        foreach (var permit in permits)
        {
            var request = permit.Take();
            lifted.Add((request.BlockId, _agent is null ? _ledger.Lift(request.BlockId, request.By, request.Origin, events) : _ledger.IntendLift(request.BlockId, request.By, request.Origin)));
        }

        events.ForEach(_onEvent);
        var live = lifted.Where(static l => l.Live).Select(static l => l.Id).ToList();
        var written = live.Count == 0 ? null : await CarryOutAsync(live, cancellationToken);
        return [.. lifted.Select(l => new LiftOutcome(_store.GetBlock(l.Id), l.Live, l.Live ? written : null))];
    }

    /// <summary>True: the target denies it by a block that was made for this since, as far as this process has seen the target.</summary>
    public bool Stands(AddressRange range, long? incidentId, DateTimeOffset since) =>
        _applied is { } applied && applied.Ranges.Any(r => r.Contains(range))
        && _store.GetLiveBlocks().Any(b => b.Range == range && b.IncidentId == incidentId && b.CreatedAt >= since && b.Status != BlockStatus.Pending);

    /// <summary>
    /// Makes the target equal to the store: call it when another process changed the store, or the allowlist changed. May be
    /// called at each change of the store: where nothing of it concerns blocks, the target is not touched and nothing is waited for.
    /// </summary>
    public Task<TargetResult> SyncAsync() => Settled() is { } settled ? Task.FromResult(settled) : _throttle.RequestAsync();

    /// <summary>At start: ends what is over, completes or fails what a crash left open, repairs the target.</summary>
    public Task<TargetResult> ReconcileAsync() => _throttle.AloneAsync(async () =>
    {
        var ended = new List<BlockEvent>();
        var live = _ledger.Live(ended);
        ended.ForEach(_onEvent);
        var before = List(live.Where(static b => b.Status != BlockStatus.Pending));
        var state = await _target.InspectAsync(before, CancellationToken.None);
        var complete = state.Drift is null || (await _target.InspectAsync(List(live), CancellationToken.None)).Drift is null;
        var result = (await WriteAsync(verify: true)).Result;
        if (!complete && result.Outcome != TargetOutcome.Failed)
        {
            Repaired(state);
        }

        return result;
    });

    /// <summary>Looks whether the target is still as it was left, and sets it right.</summary>
    public Task<TargetState> VerifyAsync() => _throttle.AloneAsync(async () =>
    {
        if (_applied is not { } applied)
        {
            await WriteAsync(verify: true);
            return new TargetState(!_behind, null);
        }

        var state = await _target.InspectAsync(applied, CancellationToken.None);
        if (state.Drift is not null || _behind || _lastTrouble is not null || (_lastGood?.Outcome == TargetOutcome.Unconfirmed && applied.Ranges.Count > 0))
        {
            await WriteAsync(verify: true);
        }

        return state;
    });

    /// <summary>Expires, retries and verifies until cancelled. Faults become events.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var (verified, tried, looksRight) = (_time.GetTimestamp(), _time.GetTimestamp(), true);
        using var timer = new PeriodicTimer(Tick, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                try
                {
                    if (_ledger.AnyOver() || (_behind && _time.GetElapsedTime(tried) >= RetryEvery))
                    {
                        tried = _time.GetTimestamp();
                        await SyncAsync();
                    }

                    var (looked, looks) = (looksRight, _applied is not { } applied || _target.LooksRight(applied));
                    looksRight = looks;
                    if (!looks || !looked || _time.GetElapsedTime(verified) >= VerifyEvery)
                    {
                        verified = _time.GetTimestamp();
                        await VerifyAsync();
                    }
                }
                catch (StoreException e)
                {
                    Trouble(BlockEventKind.StoreDown, e.Message);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }

    /// <summary>What these requests would change, for a recommendation. Stores and writes nothing.</summary>
    public BlockPlan Plan(IReadOnlyList<BlockRequest> requests)
    {
        var now = _time.GetUtcNow();
        var live = _store.GetLiveBlocks();
        var before = _applied ?? List(live);
        var asked = Aggregation.DenyList(requests.Select(static r => r.Range), _never.All, _config);
        var after = Aggregation.DenyList([.. live.Select(static b => b.Range), .. requests.Select(static r => r.Range)], _never.All, _config);
        var terms = requests.Select(r => (r.Ttl, Offence: TtlPolicy.Offence(_store, r.Range, _config, now))).ToArray();
        return new()
        {
            Ranges = asked.Ranges,
            CarveOuts = asked.CarveOuts,
            Where = _target.Where(_config.EntryPoints),
            Ttl = terms.Select(t => TtlPolicy.For(t.Ttl, t.Offence, _config.MaxTtl)).DefaultIfEmpty().Max(),
            Offence = terms.Select(static t => t.Offence).DefaultIfEmpty(1).Max(),
            Change = UnifiedDiff.Between(_target.Render(before), _target.Render(after), _config.FileName),
            Refusal = requests.Select(_refusal).FirstOrDefault(static d => d is not null),
        };
    }

    /// <summary>The target's content for the live blocks: what would stand there.</summary>
    public string Export() => _target.Render(List(_store.GetLiveBlocks()));

    /// <summary>Writes, or lets the agent write. The target's answer; null where another process has it.</summary>
    private async Task<TargetResult?> CarryOutAsync(IReadOnlyList<long> blocks, CancellationToken cancellationToken)
    {
        if (_agent is null)
        {
            // Not given up half way: what is stored is written, also while stopping.
            return await _throttle.RequestAsync();
        }

        await _agent(blocks, cancellationToken);
        return null;
    }

    private DenyList List(IEnumerable<Block> blocks) => Aggregation.DenyList(blocks.Select(static b => b.Range), _never.All, _config);

    /// <summary>The last answer where nothing is to be done; null where the store asks for something, or a write is under way that may have read it before.</summary>
    private TargetResult? Settled()
    {
        var begun = Volatile.Read(ref _writesBegun);
        if (begun != Volatile.Read(ref _writesEnded) || _behind || _ledger.AnyOver() || _lastGood is not { } last)
        {
            return null;
        }

        var live = _store.GetLiveBlocks();
        return IsWritten(live, List(live)) && _store.GetActions(null, openOnly: true, 1).Count == 0 && begun == Volatile.Read(ref _writesBegun) ? last : null;
    }

    private bool IsWritten(IReadOnlyList<Block> live, DenyList list) =>
        !_behind && live.All(static b => b.Status != BlockStatus.Pending) && Same(list, _applied);

    /// <param name="verify">False: a target that should hold this list already is left alone.</param>
    private async Task<WriteOutcome> WriteAsync(bool verify)
    {
        Interlocked.Increment(ref _writesBegun);
        var events = new List<BlockEvent>();
        try
        {
            var live = _ledger.Live(events);
            var list = List(live);
            if (!verify && _lastGood is { } last && IsWritten(live, list))
            {
                _ledger.Record(live, last, events);
                return new(last, Changed: false);
            }

            return await ApplyAsync(live, list, events);
        }
        catch
        {
            _behind = true;
            throw;
        }
        finally
        {
            events.ForEach(_onEvent);
            Interlocked.Increment(ref _writesEnded);
        }
    }

    private async Task<WriteOutcome> ApplyAsync(IReadOnlyList<Block> live, DenyList list, List<BlockEvent> events)
    {
        var before = _applied;
        var drift = before is null ? null : await _target.InspectAsync(before, CancellationToken.None);
        var result = await _target.ApplyAsync(list, CancellationToken.None);
        var failed = result.Outcome == TargetOutcome.Failed;
        if (!failed)
        {
            _applied = list;
            _lastGood = result;
            Repaired(drift);
        }

        _ledger.Record(live, result, events);

        // The pending ones of a failed write have failed by now: only what was to stand before matters.
        _behind = failed && !Same(List(live.Where(static b => b.Status != BlockStatus.Pending)), before);
        if (failed)
        {
            Trouble(BlockEventKind.TargetDown, result.Detail);
        }
        else if (_lastTrouble is not null)
        {
            _lastTrouble = null;
            Emit(BlockEventKind.TargetBack, "The target is written again.");
        }

        return new(result, !failed && !Same(list, before));
    }

    private void Repaired(TargetState? state)
    {
        if (state is { Reachable: true, Drift: { } drift })
        {
            Emit(state.Foreign ? BlockEventKind.ForeignEdit : BlockEventKind.DriftRepaired, $"{drift}; it was set right.");
        }
    }

    private static bool Same(DenyList list, DenyList? other) =>
        other is not null && list.Ranges.SequenceEqual(other.Ranges) && list.CarveOuts.SequenceEqual(other.CarveOuts);

    /// <summary>Said once, until it changes or is over.</summary>
    private void Trouble(BlockEventKind kind, string text)
    {
        if (_lastTrouble != text)
        {
            _lastTrouble = text;
            Emit(kind, text);
        }
    }

    private void Emit(BlockEventKind kind, string text) => _onEvent(new(kind, _time.GetUtcNow(), text));
}
