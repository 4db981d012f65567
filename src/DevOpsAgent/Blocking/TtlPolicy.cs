using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;
using DevOpsAgent.Store;

namespace DevOpsAgent.Blocking;

/// <summary>How long a block lasts: the asked time, doubled for each earlier offence within the window, up to the cap.</summary>
internal static class TtlPolicy
{
    /// <summary>1 for a first offence. Blocks of this range that are still live are the same offence seen by another rule, not a repeat.</summary>
    public static int Offence(IStore store, AddressRange range, BlockingConfig config, DateTimeOffset now)
    {
        var since = now - config.OffenceWindow;
        var offences = store.CountOffences(range, since);
        if (offences > 0)
        {
            offences -= store.GetLiveBlocks().Count(b => b.Range == range && b.CreatedAt >= since);
        }

        return Math.Max(0, offences) + 1;
    }

    public static TimeSpan For(TimeSpan ttl, int offence, TimeSpan max)
    {
        var doublings = Math.Clamp(offence - 1, 0, 40);
        var ticks = ttl.Ticks > max.Ticks >> doublings ? max.Ticks : ttl.Ticks << doublings;
        return TimeSpan.FromTicks(Math.Min(ticks, max.Ticks));
    }
}
