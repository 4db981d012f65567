using System.Text.Json;
using DevOpsAgent.Incidents;
using Microsoft.Data.Sqlite;

namespace DevOpsAgent.Store.Sqlite;

internal sealed class SqliteAllowlist(SqliteDatabase database)
{
    public long Add(AllowlistEntry entry) => database.Write(session => Add(session, entry));

    public bool Remove(long id) => database.Write(session => session.Execute("DELETE FROM allowlist_ips WHERE id = $1", id)) > 0;

    public void Update(AllowlistEntry entry) => database.Write(session => Update(session, entry));

    public void Save(IReadOnlyList<AllowlistEntry> entries) => database.Write(session =>
    {
        foreach (var entry in entries)
        {
            if (entry.Id == 0)
            {
                Add(session, entry);
            }
            else
            {
                Update(session, entry);
            }
        }
    });

    public IReadOnlyList<AllowlistEntry> All() => database.Read(static session => session.Query(
        "SELECT id, ip_or_cidr, description, created_at, expires_at, resolved, resolved_at FROM allowlist_ips ORDER BY id", Read));

    /// <summary>One entry per value: when two people add the same one at once, both get its id.</summary>
    private static long Add(SqliteSession session, AllowlistEntry entry)
    {
        session.Execute(
            """
            INSERT INTO allowlist_ips (ip_or_cidr, description, created_at, expires_at, resolved, resolved_at) VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (ip_or_cidr) DO NOTHING
            """,
            entry.Value, entry.Description, SqliteValues.Of(entry.CreatedAt), SqliteValues.Of(entry.ExpiresAt), Json(entry), SqliteValues.Of(entry.ResolvedAt));
        return session.Scalar<long>("SELECT id FROM allowlist_ips WHERE ip_or_cidr = $1", entry.Value);
    }

    private static void Update(SqliteSession session, AllowlistEntry entry) => session.Execute(
        "UPDATE allowlist_ips SET description = $1, expires_at = $2, resolved = $3, resolved_at = $4 WHERE id = $5",
        entry.Description, SqliteValues.Of(entry.ExpiresAt), Json(entry), SqliteValues.Of(entry.ResolvedAt), entry.Id);

    private static string Json(AllowlistEntry entry) => JsonSerializer.Serialize(entry.Resolved, StoreJson.Default.IReadOnlyListString);

    private static AllowlistEntry Read(SqliteDataReader row) => new()
    {
        Id = row.GetInt64(0),
        Value = row.GetString(1),
        Description = row.GetString(2),
        CreatedAt = row.Time(3),
        ExpiresAt = row.TimeOrNull(4),
        Resolved = JsonSerializer.Deserialize(row.GetString(5), StoreJson.Default.IReadOnlyListString) ?? [],
        ResolvedAt = row.TimeOrNull(6),
    };
}
