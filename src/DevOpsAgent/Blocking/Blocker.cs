using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Store;

namespace DevOpsAgent.Blocking;

/// <summary>
/// The Blocker is the only one who changes a target. It makes the target equal to the store's live blocks: after a
/// permit, a lift, an expiry, a start or somebody else's edit. What it was asked stands in the store before, what came of it after.
/// </summary>
internal sealed class Blocker : IAsyncDisposable
{
    private static readonly TimeSpan VerifyEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly IStore _store;
    private readonly BlockGate _gate;
    private readonly NeverBlocked _never;
    private readonly IBlockTarget _target;
    private readonly BlockingConfig _config;
    private readonly TimeProvider _time;
    private readonly Action<BlockEvent> _onEvent;
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

    /// <param name="onEvent">Called from the writing thread; must not wait for this object.</param>
    public Blocker(IStore store, BlockGate gate, NeverBlocked never, IBlockTarget target, BlockingConfig config, TimeProvider time, Action<BlockEvent> onEvent)
    {
        (_store, _gate, _never, _target, _config, _time, _onEvent) = (store, gate, never, target, config, time, onEvent);
        _ledger = new(store, never, time);
        _throttle = new(() => WriteAsync(verify: false), time);
    }

    public ValueTask DisposeAsync() => _throttle.DisposeAsync();

    /// <summary>Gate and effect for each request, in one write; answers in the same order.</summary>
    /// <exception cref="StoreException">The effect could not be recorded; it is reconciled later.</exception>
    public async Task<IReadOnlyList<BlockAnswer>> BlockAsync(IReadOnlyList<BlockRequest> requests)
    {
        var decisions = requests.Select(_gate.Judge).ToArray();
        var blocks = await ApplyAsync([.. decisions.OfType<BlockDecision.Allowed>().Select(static d => d.Permit)]);
        var next = 0;
        return [.. decisions.Select((decision, i) => decision switch
        {
            BlockDecision.Denied denied => new BlockAnswer { Request = requests[i], Verdict = BlockVerdict.Denied, Refusal = denied.Code, Text = denied.Text },
            BlockDecision.Pending held => Hold(requests[i], held),
            _ => Answer(requests[i], blocks[next++]),
        })];
    }

    /// <summary>Denies what the permits allow; returns the blocks as they are stored now, in the same order.</summary>
    /// <exception cref="InvalidOperationException">A permit of another gate, or one used before.</exception>
    /// <exception cref="StoreException">The effect could not be recorded; it is reconciled later.</exception>
    public async Task<IReadOnlyList<Block>> ApplyAsync(IReadOnlyList<ApprovedBlock> permits)
    {
        if (permits.Count == 0)
        {
            return [];
        }

        foreach (var permit in permits)
        {
            if (!ReferenceEquals(permit.IssuedBy, _gate) || !permit.TryUse())
            {
                throw new InvalidOperationException($"The permit for {permit.Block.Range} is not of this gate or was used before.");
            }
        }

        await _throttle.RequestAsync();
        return [.. permits.Select(p => _store.GetBlock(p.Block.Id) ?? p.Block)];
    }

    /// <summary>Ends a live block. Null: there is none of this number.</summary>
    public async Task<TargetResult?> LiftAsync(long blockId, string by, string origin)
    {
        var events = new List<BlockEvent>();
        if (!_ledger.Lift(blockId, by, origin, events))
        {
            return null;
        }

        events.ForEach(_onEvent);
        return await _throttle.RequestAsync();
    }

    /// <summary>Ends all live blocks inside the range; returns how many.</summary>
    public async Task<int> LiftRangeAsync(AddressRange range, string by, string origin)
    {
        var events = new List<BlockEvent>();
        foreach (var block in _store.GetLiveBlocks().Where(b => range.Contains(b.Range)))
        {
            _ledger.Lift(block.Id, by, origin, events);
        }

        events.ForEach(_onEvent);
        if (events.Count > 0)
        {
            await _throttle.RequestAsync();
        }

        return events.Count;
    }

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
            Where = $"{_target.Description} at {string.Join(", ", _config.EntryPoints)}",
            Ttl = terms.Select(t => TtlPolicy.For(t.Ttl, t.Offence, _config.MaxTtl)).DefaultIfEmpty().Max(),
            Offence = terms.Select(static t => t.Offence).DefaultIfEmpty(1).Max(),
            Change = UnifiedDiff.Between(_target.Render(before), _target.Render(after), _config.FileName),
            Refusal = requests.Select(_gate.Refuse).FirstOrDefault(static d => d is not null),
        };
    }

    /// <summary>The target's content for the live blocks: what would stand there.</summary>
    public string Export() => _target.Render(List(_store.GetLiveBlocks()));

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

    private BlockAnswer Hold(BlockRequest request, BlockDecision.Pending held)
    {
        Emit(BlockEventKind.Held, $"{request.Range} waits for a person: {held.Text}");
        return new() { Request = request, Verdict = BlockVerdict.Held, Refusal = held.Code, Text = held.Text };
    }

    private static BlockAnswer Answer(BlockRequest request, Block block) => new()
    {
        Request = request,
        Block = block,
        Text = block.Result ?? "",
        Verdict = block.Status switch
        {
            BlockStatus.Active => BlockVerdict.Active,
            BlockStatus.Unconfirmed => BlockVerdict.Unconfirmed,
            _ => BlockVerdict.Failed,
        },
    };

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
