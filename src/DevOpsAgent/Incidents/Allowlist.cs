using System.Collections.Frozen;
using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Store;

namespace DevOpsAgent.Incidents;

/// <summary>The live blocks that a new entry concerns: those inside it end, those around it get a hole.</summary>
internal sealed record AffectedBlocks(IReadOnlyList<Block> Lift, IReadOnlyList<Block> CarveOut);

/// <summary>
/// The allowlist: addresses, ranges and DNS names that are never blocked. Asked for each finding and again for each block that
/// is applied. Look-ups are safe from several threads; they see the last list that was loaded as a whole.
/// </summary>
/// <param name="resolve">The addresses of a DNS name; throws or gives none when it can't be resolved.</param>
internal sealed class Allowlist(TimeProvider time, Func<string, CancellationToken, Task<IReadOnlyList<ClientAddress>>> resolve)
{
    public static TimeSpan RefreshInterval { get; } = TimeSpan.FromMinutes(5);

    /// <summary>A name with more addresses keeps the lowest of them: whoever runs its zone must not allow the whole Internet with it.</summary>
    public const int MaxAddressesPerName = 64;

    private static readonly TimeSpan ResolveTimeout = TimeSpan.FromSeconds(5);

    private volatile Snapshot _snapshot = Snapshot.Of([]);

    public IReadOnlyList<AllowlistEntry> Entries => _snapshot.Entries;

    /// <summary>Takes the entries as stored, with the last good addresses of the names.</summary>
    public void Load(IReadOnlyList<AllowlistEntry> entries) => _snapshot = Snapshot.Of(entries);

    public bool IsAllowed(ClientAddress address, DateTimeOffset now, out AllowlistEntry? entry)
    {
        entry = _snapshot.Find(AddressRange.Single(address), now);
        return entry is not null;
    }

    /// <summary>
    /// What may not be denied of a range: the entries' ranges inside it, ascending, or the range itself where an entry covers all of it.
    /// </summary>
    public IReadOnlyList<AddressRange> Covering(AddressRange range, DateTimeOffset now)
    {
        var snapshot = _snapshot;
        return snapshot.Find(range, now) is not null ? [range] : snapshot.Inside(range, now);
    }

    /// <summary>Which live blocks the entry lifts, or opens in part. For a DNS name: by its addresses as resolved now.</summary>
    public static AffectedBlocks Affected(AllowlistEntry entry, IReadOnlyList<Block> live)
    {
        var ranges = RangesOf(entry).ToList();
        return new(
            [.. live.Where(b => ranges.Exists(r => r.Contains(b.Range)))],
            [.. live.Where(b => !ranges.Exists(r => r.Contains(b.Range)) && ranges.Exists(r => b.Range.Contains(r)))]);
    }

    /// <summary>The address ranges that an entry stands for.</summary>
    public static IEnumerable<AddressRange> RangesOf(AllowlistEntry entry)
    {
        if (AllowlistValue.TryParse(entry.Value, out var value) && value.Range is { } range)
        {
            return [range];
        }

        return entry.Resolved.Select(static text => AddressRange.TryParse(text, out var one) ? one : (AddressRange?)null).OfType<AddressRange>();
    }

    /// <summary>
    /// Resolves the names that are due, stores what changed, and loads the list again. A name that can't be resolved keeps its last
    /// addresses: else an attacker who stops our DNS could get the customer's monitor blocked. Returns how many names changed.
    /// Throws only for the store and when cancelled.
    /// </summary>
    /// <param name="all">True: also those resolved lately, as after an entry was added.</param>
    public async Task<int> RefreshNamesAsync(IStore store, bool all, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var due = store.GetAllowlist()
            .Where(e => AllowlistValue.TryParse(e.Value, out var value) && value.Range is null)
            .Where(e => !(e.ExpiresAt <= now) && (all || e.ResolvedAt is null || now - e.ResolvedAt >= RefreshInterval))
            .ToList();
        var answers = await Task.WhenAll(due.Select(e => ResolveAsync(e.Value, cancellationToken)));

        var changed = 0;
        foreach (var (entry, answer) in due.Zip(answers).Where(static pair => pair.Second.Count > 0))
        {
            changed += answer.SequenceEqual(entry.Resolved, StringComparer.Ordinal) ? 0 : 1;

            // The description and expiry may have been edited while DNS took its time.
            if (store.GetAllowlist().FirstOrDefault(e => e.Id == entry.Id) is { } current)
            {
                store.UpdateAllowlistEntry(current with { Resolved = answer, ResolvedAt = now });
            }
        }

        Load(store.GetAllowlist());
        return changed;
    }

    private async Task<IReadOnlyList<string>> ResolveAsync(string name, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(ResolveTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var addresses = await resolve(name, either.Token);
            return [.. addresses.Where(static a => !a.IsNone).Distinct().Order().Take(MaxAddressesPerName).Select(static a => a.ToString())];
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return [];
        }
    }

    /// <summary>One look-up table per prefix length that occurs: a handful of probes whatever the number of entries.</summary>
    private sealed class Snapshot
    {
        private readonly FrozenDictionary<AddressRange, AllowlistEntry> _byRange;
        private readonly AddressRange[] _ascending;
        private readonly int[] _lengths4;
        private readonly int[] _lengths6;

        private Snapshot(IReadOnlyList<AllowlistEntry> entries, Dictionary<AddressRange, AllowlistEntry> byRange)
        {
            Entries = entries;
            _byRange = byRange.ToFrozenDictionary();
            _ascending = [.. byRange.Keys.Order()];
            _lengths4 = [.. byRange.Keys.Where(static r => r.IsIPv4).Select(static r => r.PrefixLength).Distinct()];
            _lengths6 = [.. byRange.Keys.Where(static r => !r.IsIPv4).Select(static r => r.PrefixLength).Distinct()];
        }

        public IReadOnlyList<AllowlistEntry> Entries { get; }

        public static Snapshot Of(IReadOnlyList<AllowlistEntry> entries)
        {
            var byRange = new Dictionary<AddressRange, AllowlistEntry>();
            foreach (var entry in entries)
            {
                foreach (var range in RangesOf(entry))
                {
                    // The same range twice (a name and its address): the one that lasts longer decides.
                    if (!byRange.TryGetValue(range, out var other) || Lasts(entry) > Lasts(other))
                    {
                        byRange[range] = entry;
                    }
                }
            }

            return new(entries, byRange);
        }

        public AllowlistEntry? Find(AddressRange range, DateTimeOffset now)
        {
            foreach (var length in range.IsIPv4 ? _lengths4 : _lengths6)
            {
                if (length <= range.PrefixLength && _byRange.TryGetValue(Widen(range, length), out var entry) && Lasts(entry) > now)
                {
                    return entry;
                }
            }

            return null;
        }

        public IReadOnlyList<AddressRange> Inside(AddressRange range, DateTimeOffset now)
        {
            var first = Array.BinarySearch(_ascending, range);
            var inside = new List<AddressRange>();
            for (var i = first < 0 ? ~first : first; i < _ascending.Length; i++)
            {
                // IPv4 lies in the middle of the order, in ::ffff:0:0/96, and is no part of an IPv6 range around it.
                if (_ascending[i].IsIPv4 == range.IsIPv4 && !range.Contains(_ascending[i]))
                {
                    break;
                }

                if (range.Contains(_ascending[i]) && Lasts(_byRange[_ascending[i]]) > now)
                {
                    inside.Add(_ascending[i]);
                }
            }

            return inside;
        }

        private static AddressRange Widen(AddressRange range, int length) => new(range.Address, length);

        private static DateTimeOffset Lasts(AllowlistEntry entry) => entry.ExpiresAt ?? DateTimeOffset.MaxValue;
    }
}
