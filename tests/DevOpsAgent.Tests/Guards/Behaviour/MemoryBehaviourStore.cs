using DevOpsAgent.Guards.Behaviour;
using DevOpsAgent.Store;

namespace DevOpsAgent.Tests.Guards.Behaviour;

/// <summary>Profiles in memory, by the same rules as the database's. <see cref="Down"/>: every call fails.</summary>
internal sealed class MemoryBehaviourStore : IBehaviourStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, BehaviourRow> _rows = new(StringComparer.Ordinal);
    private long _resets;
    private long _evictions;

    public bool Down { get; set; }

    public int Saves { get; private set; }

    public IReadOnlyList<BehaviourRow> Load() => Do(() => (IReadOnlyList<BehaviourRow>)[.. _rows.Values.OrderByDescending(static r => r.LastSeen).ThenBy(static r => r.Agent, StringComparer.Ordinal)]);

    public IReadOnlyList<string> Save(IReadOnlyList<BehaviourRow> rows, IReadOnlyList<string> evicted) => Do<IReadOnlyList<string>>(() =>
    {
        Saves++;
        foreach (var agent in evicted)
        {
            _rows.Remove(agent);
        }

        _evictions += evicted.Count;
        var conflicts = new List<string>();
        foreach (var row in rows)
        {
            if ((_rows.GetValueOrDefault(row.Agent)?.Version ?? 0) == row.Version)
            {
                _rows[row.Agent] = row with { Version = row.Version + 1 };
            }
            else
            {
                conflicts.Add(row.Agent);
            }
        }

        return conflicts;
    });

    public int Reset(string? agent) => Do(() =>
    {
        _resets++;
        var gone = agent is null ? _rows.Count : _rows.ContainsKey(agent) ? 1 : 0;
        if (agent is null)
        {
            _rows.Clear();
        }
        else
        {
            _rows.Remove(agent);
        }

        return gone;
    });

    public long Resets() => Do(() => _resets);

    public long Evictions() => Do(() => _evictions);

    private T Do<T>(Func<T> work)
    {
        lock (_gate)
        {
            return Down ? throw new StoreException("The disk is full.", StoreFault.Full) : work();
        }
    }
}
