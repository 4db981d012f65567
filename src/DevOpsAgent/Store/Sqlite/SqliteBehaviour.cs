using System.Globalization;
using DevOpsAgent.Guards.Behaviour;

namespace DevOpsAgent.Store.Sqlite;

/// <summary>Behavioural profiles: one row per agent, its state as bytes. Counters of resets and evictions are settings.</summary>
internal sealed class SqliteBehaviour(SqliteDatabase database) : IBehaviourStore
{
    private const string ResetsSetting = "behaviour.resets";
    private const string EvictionsSetting = "behaviour.evictions";

    public IReadOnlyList<BehaviourRow> Load() => database.Read(static session => session.Query(
        "SELECT agent, state, version, last_seen FROM behaviour ORDER BY last_seen DESC, agent",
        static row => new BehaviourRow(row.GetString(0), row.Bytes(1), row.GetInt64(2), row.Time(3))));

    public IReadOnlyList<string> Save(IReadOnlyList<BehaviourRow> rows, IReadOnlyList<string> evicted) => database.Write<IReadOnlyList<string>>(session =>
    {
        foreach (var agent in evicted)
        {
            session.Execute("DELETE FROM behaviour WHERE agent = $1", agent);
        }

        if (evicted.Count > 0)
        {
            Add(session, EvictionsSetting, evicted.Count);
        }

        var conflicts = new List<string>();
        foreach (var row in rows)
        {
            var saved = row.Version == 0
                ? session.Execute(
                    "INSERT INTO behaviour (agent, state, version, last_seen) VALUES ($1, $2, 1, $3) ON CONFLICT (agent) DO NOTHING",
                    row.Agent, row.State, SqliteValues.Of(row.LastSeen))
                : session.Execute(
                    "UPDATE behaviour SET state = $3, version = version + 1, last_seen = $4 WHERE agent = $1 AND version = $2",
                    row.Agent, row.Version, row.State, SqliteValues.Of(row.LastSeen));
            if (saved == 0)
            {
                conflicts.Add(row.Agent);
            }
        }

        return conflicts;
    });

    public int Reset(string? agent) => database.Write(session =>
    {
        Add(session, ResetsSetting, 1);
        return agent is null ? session.Execute("DELETE FROM behaviour") : session.Execute("DELETE FROM behaviour WHERE agent = $1", agent);
    });

    public long Resets() => Read(ResetsSetting);

    public long Evictions() => Read(EvictionsSetting);

    private long Read(string name) => database.Read(session =>
        long.TryParse(session.Scalar<string>("SELECT value FROM settings WHERE name = $1", name), NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0);

    private static void Add(SqliteSession session, string name, int more) => session.Execute(
        """
        INSERT INTO settings (name, value) VALUES ($1, CAST($2 AS TEXT))
        ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + $2 AS TEXT)
        """,
        name, (long)more);
}
