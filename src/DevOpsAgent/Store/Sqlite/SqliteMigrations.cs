using System.Globalization;

namespace DevOpsAgent.Store.Sqlite;

/// <summary>
/// Forward-only schema changes, numbered from 1 in the order of the list; the number stands in PRAGMA user_version. Each runs in
/// a transaction of its own: a kill in the middle leaves the version before it.
/// </summary>
internal static class SqliteMigrations
{
    // "DvOA": tells our file from any other SQLite database that somebody points us at.
    private const long ApplicationId = 0x44764F41;

    public static void Apply(SqliteSession session, string path, IReadOnlyList<string> migrations)
    {
        // Also when nothing is to be done: a database that can't be written is refused at the start, not at the first finding.
        session.Begin(immediate: true);
        session.Rollback();
        Refuse(session, path, migrations.Count);

        while (true)
        {
            session.Begin(immediate: true);
            try
            {
                // Read again under the lock: another process may have migrated meanwhile.
                var version = (int)session.Scalar<long>("PRAGMA user_version");
                if (version >= migrations.Count)
                {
                    session.Rollback();
                    Refuse(session, path, migrations.Count);
                    return;
                }

                session.Script(migrations[version]);
                session.Script(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {version + 1}; PRAGMA application_id = {ApplicationId};"));
                session.Commit();
            }
            catch
            {
                session.Rollback();
                throw;
            }
        }
    }

    private static void Refuse(SqliteSession session, string path, int newest)
    {
        var version = session.Scalar<long>("PRAGMA user_version");
        var application = session.Scalar<long>("PRAGMA application_id");
        var tables = session.Scalar<long>("SELECT count(*) FROM sqlite_master");
        if (application != ApplicationId && (application != 0 || tables > 0))
        {
            throw new StoreException($"{path} is a database of another program: set database.path to a file of its own.", StoreFault.Corrupt);
        }

        if (version > newest)
        {
            throw new StoreException(
                $"The database {path} has version {version}, this program knows up to {newest}: it was used by a newer devops-agent. Install that one, or set database.path.",
                StoreFault.Newer);
        }
    }
}
