namespace DevOpsAgent.Blocking;

/// <summary>
/// Says when a block is over, by two clocks: the wall clock against the stored expiry, and a monotonic remainder from the
/// moment this process first saw the block. So a wall clock that jumps back, even before a start, never makes a block
/// last longer than its own time after that start; one that jumps ahead ends it early.
/// </summary>
internal sealed class BlockClock(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<long, (DateTimeOffset ExpiresAt, long Seen, TimeSpan Left)> _seen = [];

    public bool IsOver(Block block)
    {
        lock (_lock)
        {
            if (!_seen.TryGetValue(block.Id, out var seen) || seen.ExpiresAt != block.ExpiresAt)
            {
                var ttl = block.ExpiresAt - block.CreatedAt;
                var left = block.ExpiresAt - time.GetUtcNow();
                seen = (block.ExpiresAt, time.GetTimestamp(), left < ttl ? left : ttl);
                _seen[block.Id] = seen;
            }

            return Over(seen);
        }
    }

    /// <summary>True: a block that was seen is over by now.</summary>
    public bool AnyOver()
    {
        lock (_lock)
        {
            return _seen.Values.Any(Over);
        }
    }

    /// <summary>Forgets all blocks but these.</summary>
    public void Keep(IEnumerable<Block> live)
    {
        lock (_lock)
        {
            var ids = live.Select(static b => b.Id).ToHashSet();
            foreach (var id in _seen.Keys.Where(id => !ids.Contains(id)).ToArray())
            {
                _seen.Remove(id);
            }
        }
    }

    private bool Over((DateTimeOffset ExpiresAt, long Seen, TimeSpan Left) seen) =>
        time.GetUtcNow() >= seen.ExpiresAt || time.GetElapsedTime(seen.Seen) >= seen.Left;
}
