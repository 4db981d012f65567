using System.Security.Cryptography;
using System.Text;
using DevOpsAgent.Store;
using DevOpsAgent.Store.Sqlite;
using DevOpsAgent.Tests.Incidents;
using Microsoft.Data.Sqlite;

namespace DevOpsAgent.Tests.Store;

public sealed class SqliteMigrationTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Path => _directory.File("agent.db");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_released_migration_never_changes()
    {
        // One line per migration; a new one is appended.
        string[] released = ["EAD4E8F85D7E110F", "498B568018887F1C", "DF54E88B2A24528E", "57DDBD27E859AA0F", "D13DCA7EB0E2DF75"];
        SqliteSchema.Migrations.Select(static sql => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(sql)))[..16]).ShouldBe(released);
    }

    [Fact]
    public void A_database_of_the_version_before_is_brought_up_to_date_with_its_data()
    {
        long id;
        using (var before = new SqliteStore(Path))
        {
            id = before.Add(Sample.Incident()).Id;
        }

        string[] next = [.. SqliteSchema.Migrations, "ALTER TABLE incidents ADD COLUMN country TEXT; CREATE TABLE countries (x);"];
        using (var after = new SqliteStore(Path, new(), next))
        {
            after.GetIncident(id).ShouldNotBeNull();
        }

        Version().ShouldBe(next.Length);
        Should.Throw<StoreException>(() => new SqliteStore(Path).Dispose()).Fault.ShouldBe(StoreFault.Newer);
    }

    [Fact]
    public void A_migration_that_fails_leaves_the_version_before()
    {
        new SqliteStore(Path).Dispose();
        string[] broken = [.. SqliteSchema.Migrations, "CREATE TABLE first (x); INSERT INTO nowhere VALUES (1);"];
        Should.Throw<StoreException>(() => new SqliteStore(Path, new(), broken).Dispose());
        Version().ShouldBe(SqliteSchema.Migrations.Count);
        using var store = new SqliteStore(Path);
        store.Add(Sample.Incident());

        // The table of the failed migration is not there: the next attempt can make it.
        new SqliteStore(Path, new(), [.. SqliteSchema.Migrations, "CREATE TABLE first (x);"]).Dispose();
    }

    [Fact]
    public void Many_that_start_at_once_migrate_once()
    {
        Parallel.For(0, 8, _ => new SqliteStore(Path).Dispose());
        Version().ShouldBe(SqliteSchema.Migrations.Count);
    }

    private long Version()
    {
        using var connection = new SqliteConnection($"Data Source={Path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        return (long)command.ExecuteScalar()!;
    }
}
