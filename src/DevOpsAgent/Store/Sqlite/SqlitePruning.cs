namespace DevOpsAgent.Store.Sqlite;

/// <summary>Deletes what is closed and old, in portions, so that the log pipeline gets its turn in between.</summary>
internal sealed class SqlitePruning(SqliteDatabase database)
{
    private const int Portion = 200;

    public int Run(DateTimeOffset olderThan)
    {
        var cut = SqliteValues.Of(olderThan);
        database.Write(session =>
        {
            session.Execute("DELETE FROM blocks WHERE status IN ('expired', 'lifted', 'failed') AND updated_at < $1", cut);
            session.Execute("DELETE FROM actions WHERE incident_id IS NULL AND result IS NOT NULL AND intended_at < $1", cut);

            // Files that were rotated away. The newest of a source stays: it may be a quiet log.
            session.Execute("DELETE FROM checkpoints AS c WHERE at < $1 AND EXISTS (SELECT 1 FROM checkpoints n WHERE n.source = c.source AND n.at > c.at)", cut);
        });

        var pruned = 0;
        for (var portion = Portion; portion == Portion; pruned += portion)
        {
            portion = database.Write(session => DeletePortion(session, cut));
        }

        return pruned;
    }

    private static int DeletePortion(SqliteSession session, string cut)
    {
        // An incident stays while a block of it does, or an action whose result is not known.
        var ids = session.Query(
            """
            SELECT id FROM incidents i WHERE status IN ('rejected', 'allowed', 'expired') AND updated_at < $1
                AND NOT EXISTS (SELECT 1 FROM blocks WHERE incident_id = i.id)
                AND NOT EXISTS (SELECT 1 FROM actions WHERE incident_id = i.id AND result IS NULL)
            LIMIT $2
            """,
            static row => row.GetInt64(0), cut, (long)Portion);
        foreach (var id in ids)
        {
            session.Execute("DELETE FROM actions WHERE incident_id = $1", id);
            session.Execute("DELETE FROM incidents WHERE id = $1", id);
            session.Execute("DELETE FROM incident_history WHERE incident_id = $1", id);
        }

        return ids.Count;
    }
}
