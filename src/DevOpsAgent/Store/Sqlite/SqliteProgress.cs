using DevOpsAgent.Addresses;
using DevOpsAgent.Detection;
using DevOpsAgent.Logs;

namespace DevOpsAgent.Store.Sqlite;

/// <summary>How far the logs were read, and what the detector knew there. Writes run inside a pipeline commit.</summary>
internal sealed class SqliteProgress(SqliteDatabase database)
{
    /// <summary>Newest first.</summary>
    public IReadOnlyList<LogCheckpoint> Checkpoints() => database.Read(static session => session.Query(
        "SELECT source, file_id, offset, head_hash, at FROM checkpoints ORDER BY at DESC, source, file_id",
        static row => new LogCheckpoint(row.GetString(0), row.GetString(1), row.GetInt64(2), unchecked((ulong)row.GetInt64(3)), row.Time(4))));

    public IEnumerable<ClientStateRow> States() => database.Stream(
        "SELECT address, state, last_seen FROM client_states", static row => new ClientStateRow(row.Address(0), row.Bytes(1), row.GetInt64(2)));

    public static void Save(SqliteSession session, LogCheckpoint at) => session.Execute(
        """
        INSERT INTO checkpoints (source, file_id, offset, head_hash, at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (source, file_id) DO UPDATE SET offset = excluded.offset, head_hash = excluded.head_hash, at = excluded.at
        """,
        at.Source, at.FileId, at.Offset, unchecked((long)at.HeadHash), SqliteValues.Of(at.At));

    public static void Save(SqliteSession session, in ClientStateRow state) => session.Execute(
        """
        INSERT INTO client_states (address, state, last_seen) VALUES ($1, $2, $3)
        ON CONFLICT (address) DO UPDATE SET state = excluded.state, last_seen = excluded.last_seen
        """,
        SqliteValues.Of(state.Client), state.State, state.LastSeenTicks);

    public static void Forget(SqliteSession session, ClientAddress client) =>
        session.Execute("DELETE FROM client_states WHERE address = $1", SqliteValues.Of(client));
}
