using DevOpsAgent.Incidents;
using DevOpsAgent.Store;
using DevOpsAgent.Store.Sqlite;
using DevOpsAgent.Tests.Incidents;
using Microsoft.Data.Sqlite;

namespace DevOpsAgent.Tests.Store;

/// <summary>What a person meets when the database can't be used: each is named, and says what to do.</summary>
public sealed class SqliteFaultTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Path => _directory.File("agent.db");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_new_database_is_its_owners_alone_and_its_directory_is_made()
    {
        var path = _directory.File("some/where/agent.db");
        using var store = new SqliteStore(path);
        store.Add(Sample.Incident());
        foreach (var file in Directory.GetFiles(System.IO.Path.GetDirectoryName(path)!))
        {
            new FileInfo(file).UnixFileMode.ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite, file);
        }

        Directory.GetFiles(System.IO.Path.GetDirectoryName(path)!).Length.ShouldBe(3);
    }

    [Fact]
    public void Garbage_is_corrupt()
    {
        File.WriteAllBytes(Path, [.. Enumerable.Range(0, 8192).Select(static i => (byte)(i * 7))]);
        Fault(Open).ShouldBe(StoreFault.Corrupt);
    }

    [Fact]
    public void A_truncated_database_is_corrupt()
    {
        using (var store = new SqliteStore(Path))
        {
            store.Commit(new() { Incidents = [.. Enumerable.Range(1, 50).Select(static i => new IncidentChange(Sample.Incident($"203.0.113.{i}"), null))] });
        }

        using (var file = new FileStream(Path, FileMode.Open))
        {
            file.SetLength(file.Length / 2);
        }

        Fault(Open).ShouldBe(StoreFault.Corrupt);
    }

    [Fact]
    public void Evidence_that_was_edited_by_hand_is_corrupt()
    {
        using var store = new SqliteStore(Path);
        var id = store.Add(Sample.Incident()).Id;
        Sql("UPDATE incident_evidence SET evidence = '{'");
        Fault(() => store.GetIncident(id)).ShouldBe(StoreFault.Corrupt);
        Sql("UPDATE incident_evidence SET evidence = '{}'; UPDATE incidents SET status = 'solved'");
        Fault(() => store.GetIncident(id)).ShouldBe(StoreFault.Corrupt);
    }

    [Fact]
    public void A_database_of_another_program_is_left_alone()
    {
        Sql("CREATE TABLE theirs (x)", create: true);
        Fault(Open).ShouldBe(StoreFault.Corrupt);
        Sql("INSERT INTO theirs VALUES (1)");
    }

    [Fact]
    public void A_newer_database_is_refused_unchanged()
    {
        new SqliteStore(Path).Dispose();
        Sql("PRAGMA user_version = 9999");
        var fault = Should.Throw<StoreException>(Open);
        fault.Fault.ShouldBe(StoreFault.Newer);
        fault.Message.ShouldContain("9999");
        fault.Message.ShouldContain(Path);
        Scalar("PRAGMA user_version").ShouldBe(9999L);
    }

    [Fact]
    public void A_read_only_database()
    {
        new SqliteStore(Path).Dispose();
        using var store = new SqliteStore(Path, new() { ReadOnly = true }, SqliteSchema.Migrations);
        store.ListIncidents(new()).Total.ShouldBe(0);
        Fault(() => store.SetSetting("mode", "auto")).ShouldBe(StoreFault.ReadOnly);
    }

    [Theory]
    [InlineData("/proc/devops-agent/agent.db")]
    [InlineData("/dev/null/agent.db")]
    [InlineData("/proc/version")]
    [InlineData("\0")]
    public void A_path_that_can_not_hold_a_database(string path) =>
        Should.Throw<StoreException>(() => new SqliteStore(path).Dispose()).Fault.ShouldBeOneOf(StoreFault.ReadOnly, StoreFault.Unavailable, StoreFault.Corrupt);

    [Fact]
    public void A_directory_where_the_file_should_be()
    {
        Directory.CreateDirectory(Path);
        var fault = Should.Throw<StoreException>(Open);
        fault.Fault.ShouldBe(StoreFault.ReadOnly);
        fault.Message.ShouldContain(Path);
    }

    [Fact]
    public void A_full_disk_refuses_the_write_keeps_what_was_there_and_is_over_when_there_is_space()
    {
        long id;
        using (var store = new SqliteStore(Path, new() { MaxPages = 60 }, SqliteSchema.Migrations))
        {
            id = store.Add(Sample.Incident()).Id;
            var large = Sample.Incident("203.0.113.8") with { Evidence = Sample.Evidence() with { Samples = [new string('x', 400_000)] } };
            Fault(() => store.Add(large)).ShouldBe(StoreFault.Full);
            Fault(() => store.Add(large)).ShouldBe(StoreFault.Full);
            store.ListIncidents(new()).Total.ShouldBe(1);
            store.SetSetting("small", "fits");
        }

        using var roomy = new SqliteStore(Path);
        roomy.GetIncident(id).ShouldNotBeNull();
        roomy.GetSetting("small").ShouldBe("fits");
        roomy.Add(Sample.Incident("203.0.113.8"));
    }

    [Fact]
    public void A_database_that_another_process_holds_is_unavailable_and_then_not()
    {
        using var store = new SqliteStore(Path, new() { BusyTimeout = TimeSpan.FromMilliseconds(20) }, SqliteSchema.Migrations);
        using var other = Connect(create: false);
        Run(other, "BEGIN IMMEDIATE");
        Fault(() => store.SetSetting("mode", "auto")).ShouldBe(StoreFault.Unavailable);
        store.GetSetting("mode").ShouldBeNull();
        Run(other, "COMMIT");
        store.SetSetting("mode", "auto");
    }

    [Fact]
    public void History_is_append_only()
    {
        using var store = new SqliteStore(Path);
        var id = store.Add(Sample.Incident()).Id;
        foreach (var sql in new[]
        {
            "UPDATE incident_history SET by = 'nobody'", "DELETE FROM incident_history", "DELETE FROM incidents",
            "INSERT OR REPLACE INTO incident_history (id, incident_id, to_status, at, by, origin) VALUES (1, 99, 'x', 'x', 'x', 'x')",
        })
        {
            Should.Throw<SqliteException>(() => Sql(sql), sql);
        }

        store.GetHistory(id).ShouldHaveSingleItem().By.ShouldBe("rule");
    }

    [Fact]
    public void A_commit_that_returned_is_on_the_disk()
    {
        using var store = new SqliteStore(Path);
        store.Add(Sample.Incident());

        // What a kill leaves behind: the files as they are, with the WAL not copied into the database.
        Directory.CreateDirectory(_directory.File("after"));
        foreach (var suffix in new[] { "", "-wal" })
        {
            File.Copy(Path + suffix, _directory.File("after/agent.db") + suffix);
        }

        using var after = new SqliteStore(_directory.File("after/agent.db"));
        after.ListIncidents(new()).Total.ShouldBe(1);
        Scalar("PRAGMA journal_mode").ShouldBe("wal");
    }

    private void Open() => new SqliteStore(Path).Dispose();

    private static StoreFault Fault(Action action) => Should.Throw<StoreException>(action).Fault;

    private SqliteConnection Connect(bool create)
    {
        SqliteLibrary.Load();
        var connection = new SqliteConnection($"Data Source={Path};Mode={(create ? "ReadWriteCreate" : "ReadWrite")};Pooling=False;Foreign Keys=True");
        connection.Open();
        return connection;
    }

    private void Sql(string sql, bool create = false)
    {
        using var connection = Connect(create);
        Run(connection, sql);
    }

    private object? Scalar(string sql)
    {
        using var connection = Connect(create: false);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
