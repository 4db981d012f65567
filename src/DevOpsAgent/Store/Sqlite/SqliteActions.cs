using DevOpsAgent.Configuration;
using Microsoft.Data.Sqlite;

namespace DevOpsAgent.Store.Sqlite;

internal sealed class SqliteActions(SqliteDatabase database)
{
    public long Add(ActionRecord action) => database.Write(session => Add(session, action));

    public static long Add(SqliteSession session, ActionRecord action) => session.Scalar<long>(
        """
        INSERT INTO actions (incident_id, action_type, mode, applied_at, approved_by, intended_at, origin, subject, result, undo)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id
        """,
        action.IncidentId, action.ActionType, SqliteValues.Of(action.Mode), SqliteValues.Of(action.AppliedAt), action.ApprovedBy,
        SqliteValues.Of(action.IntendedAt), action.Origin, action.Subject, action.Result, action.Undo);

    public void Complete(long id, DateTimeOffset appliedAt, string result, string? undo) => database.Write(session => session.Execute(
        "UPDATE actions SET applied_at = $1, result = $2, undo = $3 WHERE id = $4", SqliteValues.Of(appliedAt), result, undo, id));

    /// <summary>Newest first.</summary>
    public IReadOnlyList<ActionRecord> List(long? incidentId, bool openOnly, int limit) => database.Read(session => session.Query(
        $"""
        SELECT id, incident_id, action_type, mode, intended_at, applied_at, approved_by, origin, subject, result, undo FROM actions
        WHERE {(incidentId is null ? "$1 IS NULL" : "incident_id = $1")}{(openOnly ? " AND result IS NULL" : "")} ORDER BY id DESC LIMIT $2
        """,
        Read, incidentId, (long)Math.Max(0, limit)));

    private static ActionRecord Read(SqliteDataReader row) => new()
    {
        Id = row.GetInt64(0),
        IncidentId = row.NumberOrNull(1),
        ActionType = row.GetString(2),
        Mode = row.Name<Mode>(3),
        IntendedAt = row.Time(4),
        AppliedAt = row.TimeOrNull(5),
        ApprovedBy = row.GetString(6),
        Origin = row.GetString(7),
        Subject = row.GetString(8),
        Result = row.TextOrNull(9),
        Undo = row.TextOrNull(10),
    };
}
