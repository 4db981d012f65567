using DevOpsAgent.Guards;
using DevOpsAgent.Store;

namespace DevOpsAgent.Blocking;

/// <summary>
/// The BlockLedger says from the store what is to be denied now, and records what became of it. A lift is an intent in
/// the store: while one is open its block is never denied again, whatever another process wrote meanwhile.
/// </summary>
internal sealed class BlockLedger(IStore store, NeverBlocked never, TimeProvider time)
{
    /// <summary>An intent whose block never came is given this long: its writer may be between the two.</summary>
    private static readonly TimeSpan Orphaned = TimeSpan.FromMinutes(1);

    private const int MaxOpen = 10_000;
    private readonly Lock _lock = new();
    private readonly BlockClock _clock = new(time);

    /// <summary>True: something that was live at the last look is over now. Does not ask the store.</summary>
    public bool AnyOver() => _clock.AnyOver();

    /// <summary>Ends what is over, lifted or protected now, and returns the rest, with an event for each that ended.</summary>
    public IReadOnlyList<Block> Live(List<BlockEvent> ended)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            var lifting = store.GetActions(null, openOnly: true, MaxOpen).Select(BlockAction.LiftedBlock).Where(static id => id > 0).ToHashSet();
            var isProtected = never.All;
            var live = new List<Block>();
            foreach (var block in store.GetLiveBlocks())
            {
                if (lifting.Contains(block.Id))
                {
                    End(block, BlockStatus.Lifted, "lifted", now, ended);
                }
                else if (_clock.IsOver(block))
                {
                    End(block, BlockStatus.Expired, "its time is over", now, ended);
                }
                else if (isProtected.Where(p => p.Contains(block.Range)).Select(static p => p.ToString()).FirstOrDefault() is { } by)
                {
                    store.AddAction(BlockAction.IntendLift(block, "allowlist", "service", now));
                    End(block, BlockStatus.Lifted, $"{by} is on the allowlist, ours or a trusted proxy", now, ended);
                }
                else
                {
                    live.Add(block);
                }
            }

            _clock.Keep(live);
            return live;
        }
    }

    /// <summary>Stores the intent to lift and ends the block. False: there is no such live block.</summary>
    public bool Lift(long id, string by, string origin, List<BlockEvent> ended)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (store.GetBlock(id) is not { } block || !IsLive(block.Status))
            {
                return false;
            }

            store.AddAction(BlockAction.IntendLift(block, by, origin, now));
            End(block, BlockStatus.Lifted, $"lifted by {by} from {origin}", now, ended);
            return true;
        }
    }

    /// <summary>Stores the intent to lift; the agent that finds it ends the block. False: there is no such live block.</summary>
    public bool IntendLift(long id, string by, string origin)
    {
        if (store.GetBlock(id) is not { } block || !IsLive(block.Status))
        {
            return false;
        }

        store.AddAction(BlockAction.IntendLift(block, by, origin, time.GetUtcNow()));
        return true;
    }

    /// <summary>Records the target's answer for these blocks and closes the actions that are done by it.</summary>
    public void Record(IReadOnlyList<Block> live, TargetResult result, List<BlockEvent> events)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            var status = result.Outcome switch
            {
                TargetOutcome.Confirmed => BlockStatus.Active,
                TargetOutcome.Unconfirmed => BlockStatus.Unconfirmed,
                _ => BlockStatus.Failed,
            };
            foreach (var block in live.Where(b => b.Status == BlockStatus.Pending || (b.Status == BlockStatus.Unconfirmed && status == BlockStatus.Active)))
            {
                // Lifted by another process since it was read: that stands.
                if (store.GetBlock(block.Id) is not { } current || !IsLive(current.Status))
                {
                    continue;
                }

                store.UpdateBlock(block.Id, status, result.Detail, now);
                if (block.Status == BlockStatus.Pending)
                {
                    var failed = status == BlockStatus.Failed;
                    events.Add(new(failed ? BlockEventKind.Failed : BlockEventKind.Applied, now,
                        failed ? $"{block.Range} is not blocked: {result.Detail}" : $"{block.Range} is blocked until {block.ExpiresAt:u} ({block.Reason}). {result.Detail}",
                        block with { Status = status, Result = result.Detail }));
                }
            }

            CloseActions(live, result, now);
        }
    }

    public static bool IsLive(BlockStatus status) => status is BlockStatus.Pending or BlockStatus.Active or BlockStatus.Unconfirmed;

    private void CloseActions(IReadOnlyList<Block> live, TargetResult result, DateTimeOffset now)
    {
        IReadOnlyList<Block>? ended = null;
        foreach (var action in store.GetActions(null, openOnly: true, MaxOpen))
        {
            if (BlockAction.LiftedBlock(action) is var lifted and > 0)
            {
                // Left open while the target could not be written: the address is still denied there.
                if (result.Outcome != TargetOutcome.Failed)
                {
                    var freed = store.GetBlock(lifted);
                    store.CompleteAction(action.Id, now, "lifted", freed is null ? null : BlockAction.UndoLift(freed, now));
                }
            }
            else if (action.ActionType == BlockAction.Block)
            {
                // Nearly always one of those just written; only after a crash or a race has it ended already.
                var block = live.FirstOrDefault(b => BlockAction.Intends(action, b)) is { } written
                    ? store.GetBlock(written.Id)
                    : (ended ??= store.ListBlocks(liveOnly: false, MaxOpen, 0, out _)).FirstOrDefault(b => BlockAction.Intends(action, b));
                CloseBlockAction(action, block, now);
            }
        }
    }

    private void CloseBlockAction(ActionRecord action, Block? block, DateTimeOffset now)
    {
        if (block is null)
        {
            if (now - action.IntendedAt > Orphaned)
            {
                store.CompleteAction(action.Id, now, "failed: the intent was stored but nothing was changed", undo: null);
            }
        }
        else if (block.Status != BlockStatus.Pending)
        {
            var state = block.Status.ToString().ToLowerInvariant();
            store.CompleteAction(action.Id, now, block.Result is { } detail ? $"{state}: {detail}" : state, IsLive(block.Status) ? BlockAction.Undo(block) : null);
        }
    }

    private void End(Block block, BlockStatus status, string why, DateTimeOffset now, List<BlockEvent> ended)
    {
        store.UpdateBlock(block.Id, status, why, now);
        var kind = status == BlockStatus.Expired ? BlockEventKind.Expired : BlockEventKind.Lifted;
        ended.Add(new(kind, now, $"{block.Range} is free again: {why}.", block with { Status = status, Result = why, UpdatedAt = now }));
    }
}
