using System.Runtime.InteropServices;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Guards.Receipts;

namespace DevOpsAgent.Guards.Behaviour;

/// <summary>
/// The behaviour of all agents: fed with each stored receipt, asked by the guard before each call. Both are O(1) whatever
/// a window holds, and allocate nothing but once per window and agent. Neither ever throws: a fault of the feed or of the
/// store is told as a signal, and no call is denied for it. Thread safe.
/// </summary>
internal sealed class BehaviourProfiles : IDisposable
{
    private const int LongestName = 128;
    private static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Lock _saving = new();
    private readonly Dictionary<string, ProfileEntry> _agents = new(StringComparer.Ordinal);
    private readonly LinkedList<ProfileEntry> _bySeen = new();
    private readonly List<string> _evicted = [];
    private readonly IBehaviourStore _store;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private bool _loaded;
    private long _resets;
    private string? _feedFault;
    private string? _storeFault;
    private GuardDecision _unknown;

    public BehaviourProfiles(BehaviourConfig config, IBehaviourStore store, TimeProvider time)
    {
        (Config, _store, _time) = (config, store, time);
        _unknown = BehaviourDecision.Of(null, null, config);
        _timer = time.CreateTimer(_ => Save(), null, SaveEvery, SaveEvery);
    }

    public BehaviourConfig Config { get; }

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _agents.Count;
            }
        }
    }

    /// <summary>Agents forgotten at the cap since the start.</summary>
    public long Evictions { get; private set; }

    /// <summary>One stored receipt. Its window is that of the receipt's own time.</summary>
    public void Record(Receipt receipt)
    {
        if (Config.Enabled)
        {
            try
            {
                Record(BehaviourSample.Of(receipt));
            }
            catch (Exception e)
            {
                FeedFailed(e.Message);
            }
        }
    }

    public void Record(in BehaviourSample sample)
    {
        try
        {
            var window = WindowOf(sample.At);
            var tool = Hash64.Of(MemoryMarshal.AsBytes(sample.Tool.AsSpan()));
            lock (_gate)
            {
                LoadOnce();
                var entry = Find(NameOf(sample.Agent)) ?? Add(new(NameOf(sample.Agent)), 0);
                if (entry.Profile.Add(window, tool, sample.Denied, sample.Entropy, Config))
                {
                    entry.Decision = null;
                }

                entry.AddUnsaved(tool, sample.Denied, sample.Entropy);
                entry.Profile.LastSeen = sample.At > entry.Profile.LastSeen ? sample.At : entry.Profile.LastSeen;
                _bySeen.Remove(entry.Node);
                _bySeen.AddLast(entry.Node);
            }
        }
        catch (Exception e)
        {
            FeedFailed(e.Message);
        }
    }

    /// <summary>Receipts are missing: the guard says so with each answer until the next restart.</summary>
    public void FeedFailed(string why)
    {
        lock (_gate)
        {
            _feedFault = "a receipt was not counted: " + Short(why);
            ForgetDecisions();
        }
    }

    /// <summary>What the agent's closed windows say. Always Allow.</summary>
    public GuardDecision Evaluate(string agent, DateTimeOffset now)
    {
        try
        {
            lock (_gate)
            {
                LoadOnce();
                if (Find(NameOf(agent)) is not { } entry)
                {
                    return _unknown;
                }

                if (entry.Profile.Advance(WindowOf(now), Config))
                {
                    entry.Decision = null;
                    entry.IsDirty = true;
                }

                return entry.Decision ??= BehaviourDecision.Of(entry.Profile, _feedFault ?? _storeFault, Config);
            }
        }
        catch (Exception e)
        {
            return BehaviourDecision.Of(null, Short(e.Message), Config);
        }
    }

    /// <summary>Closes windows that are over and stores what changed: every few seconds by itself, and at the end. Says a fault as a signal.</summary>
    public void Save()
    {
        lock (_saving)
        {
            try
            {
                FollowResets();
                if (Snapshot(out var rows, out var evicted))
                {
                    Store(rows, evicted);
                }

                StoreWorks();
            }
            catch (Exception e)
            {
                StoreFailed(e.Message);
            }
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        Save();
    }

    /// <summary>Counted from 1970, so that windows are aligned to the clock: 60 s windows begin at full minutes.</summary>
    public static long WindowOf(DateTimeOffset at, BehaviourConfig config) =>
        Math.Max(0, at.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / (config.WindowSecs * TimeSpan.TicksPerSecond);

    private long WindowOf(DateTimeOffset at) => WindowOf(at, Config);

    private ProfileEntry? Find(string agent) => _agents.GetValueOrDefault(agent);

    private ProfileEntry Add(AgentProfile profile, long version)
    {
        var entry = new ProfileEntry(profile, version);
        while (_agents.Count >= Config.MaxAgents)
        {
            var oldest = _bySeen.First!.Value;
            Remove(oldest);
            _evicted.Add(oldest.Profile.Agent);
            Evictions++;
        }

        _agents.Add(profile.Agent, entry);
        _bySeen.AddLast(entry.Node);
        return entry;
    }

    private void Remove(ProfileEntry entry)
    {
        _agents.Remove(entry.Profile.Agent);
        _bySeen.Remove(entry.Node);
    }

    /// <summary>Under the lock, at first use: a command that calls no tool doesn't read it.</summary>
    private void LoadOnce()
    {
        if (_loaded)
        {
            return;
        }

        // Also when it fails: it is tried again with each save, not with each call.
        _loaded = true;
        try
        {
            _resets = _store.Resets();
            Merge(_store.Load());
        }
        catch (Exception e)
        {
            StoreFailed(e.Message);
        }
    }

    private void Merge(IReadOnlyList<BehaviourRow> rows)
    {
        foreach (var row in rows)
        {
            if (_agents.ContainsKey(row.Agent))
            {
                continue;
            }

            // Damaged, or of another window length: it begins anew, over the stored row.
            _ = ProfileCodec.TryRead(row.Agent, row.State, Config.WindowSecs, out var profile) || Renew(row.Agent, out profile);
            if (_agents.Count >= Config.MaxAgents)
            {
                _evicted.Add(row.Agent);
                Evictions++;
                continue;
            }

            // Rows come newest first, so that the oldest ends at the front: the first to be forgotten.
            var entry = new ProfileEntry(profile, row.Version);
            _agents.Add(row.Agent, entry);
            _bySeen.AddFirst(entry.Node);
        }
    }

    private static bool Renew(string agent, out AgentProfile profile)
    {
        profile = new(agent);
        return true;
    }

    private void FollowResets()
    {
        var resets = _store.Resets();
        lock (_gate)
        {
            if (!_loaded || (resets == _resets && _storeFault is null))
            {
                return;
            }
        }

        var rows = _store.Load();
        lock (_gate)
        {
            var stored = rows.Select(static r => r.Agent).ToHashSet(StringComparer.Ordinal);
            foreach (var gone in _agents.Values.Where(e => e.Version > 0 && !stored.Contains(e.Profile.Agent)).ToList())
            {
                Remove(gone);
            }

            Merge(rows);
            _resets = resets;
        }
    }

    private bool Snapshot(out List<BehaviourRow> rows, out List<string> evicted)
    {
        lock (_gate)
        {
            var now = WindowOf(_time.GetUtcNow());
            rows = [];
            foreach (var entry in _agents.Values)
            {
                // Once nothing was called in it an open window says nothing: idle agents are not written again and again.
                if (entry.Profile.Counts.Calls > 0 && entry.Profile.Advance(now, Config))
                {
                    entry.Decision = null;
                    entry.IsDirty = true;
                }

                if (entry.IsDirty)
                {
                    rows.Add(entry.Snapshot(Config.WindowSecs));
                }
            }

            evicted = [.. _evicted];
            _evicted.Clear();
            return rows.Count + evicted.Count > 0;
        }
    }

    private void Store(List<BehaviourRow> rows, List<string> evicted)
    {
        IReadOnlyList<string> conflicts;
        try
        {
            conflicts = _store.Save(rows, evicted);
        }
        catch
        {
            lock (_gate)
            {
                _evicted.AddRange(evicted);
                foreach (var row in rows)
                {
                    Find(row.Agent)?.NotSaved();
                }
            }

            throw;
        }

        var stored = conflicts.Count == 0 ? [] : _store.Load();
        lock (_gate)
        {
            foreach (var row in rows)
            {
                if (Find(row.Agent) is not { } entry)
                {
                    continue;
                }

                if (!conflicts.Contains(row.Agent, StringComparer.Ordinal))
                {
                    entry.Saved(row.Version + 1);
                    continue;
                }

                var found = stored.FirstOrDefault(r => r.Agent == row.Agent);
                var profile = found is not null && ProfileCodec.TryRead(row.Agent, found.State, Config.WindowSecs, out var read) ? read : new(row.Agent);
                entry.Replace(profile, found?.Version ?? 0);
            }
        }
    }

    private void StoreWorks()
    {
        lock (_gate)
        {
            if (_storeFault is not null)
            {
                _storeFault = null;
                ForgetDecisions();
            }
        }
    }

    private void StoreFailed(string why)
    {
        lock (_gate)
        {
            _storeFault = "it could not be read or stored: " + Short(why);
            ForgetDecisions();
        }
    }

    private void ForgetDecisions()
    {
        _unknown = BehaviourDecision.Of(null, _feedFault ?? _storeFault, Config);
        foreach (var entry in _agents.Values)
        {
            entry.Decision = null;
        }
    }

    /// <summary>Callers name themselves: a giant name is kept by its beginning and its hash.</summary>
    private static string NameOf(string agent) => agent.Length <= LongestName
        ? agent
        : $"{agent.AsSpan(0, LongestName - 17)}#{Hash64.Of(MemoryMarshal.AsBytes(agent.AsSpan())):x16}";

    private static string Short(string text) => text.Length <= 200 ? text : text[..200] + "…";
}
