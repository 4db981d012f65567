using System.Globalization;
using DevOpsAgent.Incidents;
using Microsoft.Data.Sqlite;

namespace DevOpsAgent.EndToEnd.Faults;

/// <summary>The database is missing, damaged, newer, in use, locked, read-only or out of room.</summary>
[Collection(ProcessTests.Name)]
public sealed class StoreFaultTests
{
    // The tests open the database beside the agent, with the same library.
    public StoreFaultTests() => DevOpsAgent.Store.Sqlite.SqliteLibrary.Load();

    [Fact]
    public async Task A_second_agent_on_the_same_database_ends_with_3_and_names_the_first()
    {
        await using var rig = new AgentRig();
        var first = await rig.StartAsync();
        var (exit, _, errors) = await rig.RunAsync();
        exit.ShouldBe(3, errors);
        errors.ShouldBe($"devops-agent: another devops-agent (pid {first.Id.ToString(CultureInfo.InvariantCulture)}) uses this database; stop it or set database.path\n");
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        await rig.DeniedAsync("203.0.113.7");
    }

    [Fact]
    public async Task A_damaged_database_is_left_alone_and_explained()
    {
        await using var rig = new AgentRig();
        var bytes = new byte[16_384];
        new Random(3).NextBytes(bytes);
        await File.WriteAllBytesAsync(rig.Database, bytes, TestContext.Current.CancellationToken);
        var (exit, _, errors) = await rig.RunAsync();
        exit.ShouldBe(3, errors);
        errors.ShouldContain(rig.Database);
        errors.ShouldContain("corrupt or not a database");
        errors.ShouldContain("move it away");
        errors.ShouldNotContain("   at ");
        (await File.ReadAllBytesAsync(rig.Database, TestContext.Current.CancellationToken)).ShouldBe(bytes);
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_refused()
    {
        await using var rig = new AgentRig();
        await rig.StopAsync(await rig.StartAsync());
        Execute(rig.Database, "PRAGMA user_version = 9999");
        var (exit, _, errors) = await rig.RunAsync();
        exit.ShouldBe(2, errors);
        errors.ShouldContain("9999");
        errors.ShouldContain("newer");
        errors.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task A_database_that_is_a_directory_is_explained()
    {
        await using var rig = new AgentRig();
        Directory.CreateDirectory(rig.Database);
        var (exit, _, errors) = await rig.RunAsync();
        exit.ShouldBe(3, errors);
        errors.ShouldContain(rig.Database);
        errors.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task While_the_database_is_locked_watching_goes_on_and_nothing_is_lost()
    {
        await using var rig = new AgentRig(web: true);
        var agent = await rig.StartAsync();
        await rig.ReadyAsync(agent, 200);
        string reason;
        await using (var other = new SqliteConnection($"Data Source={rig.Database};Pooling=False"))
        {
            await other.OpenAsync(TestContext.Current.CancellationToken);
            Execute(other, "PRAGMA busy_timeout = 5000; BEGIN EXCLUSIVE");
            rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
            reason = await rig.ReadyAsync(agent, 503, "locked by another process");
            rig.Append(LogLine.Harvest("203.0.113.8", 12, AgentRig.Now));
            (await AgentRig.GetAsync(agent, "/healthz")).Status.ShouldBe(200);
            File.Exists(rig.DenyFile).ShouldBeFalse("no effect without a stored intent");
            Execute(other, "ROLLBACK");
        }

        reason.ShouldContain(rig.Database);
        await rig.ReadyAsync(agent, 200);
        await rig.DeniedAsync("203.0.113.7");
        await rig.DeniedAsync("203.0.113.8");
        (await rig.IncidentAsync("203.0.113.7", IncidentStatus.Blocked)).Evidence.Matched.ShouldBeGreaterThan(9);
        rig.Append(LogLine.Harvest("203.0.113.7", 1, AgentRig.Now + TimeSpan.FromMinutes(6)));
        (await rig.IncidentAsync("203.0.113.7", static i => i.Evidence.Matched >= 13, "counts 13")).Evidence.Matched.ShouldBe(13);
        agent.Errors.ShouldContain("Watching goes on");
        agent.Errors.ShouldContain("the store works again");
        rig.Store.GetLiveBlocks().Count.ShouldBe(2);
    }

    [Fact]
    public async Task On_a_full_disk_watching_goes_on_and_all_is_stored_once_there_is_room()
    {
        await using var rig = new AgentRig(web: true);
        await using var disk = await SmallDisk.MountAsync(Path.Combine(rig.Folder, "disk"), "size=1m");
        await UseAsync(rig, disk);
        var agent = await rig.StartAsync();
        await rig.ReadyAsync(agent, 200);
        var filler = disk.Fill();
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        var reason = await rig.ReadyAsync(agent, 503, "store: ");
        reason.ShouldContain("disk");
        File.Exists(rig.DenyFile).ShouldBeFalse();
        File.Delete(filler);
        await rig.ReadyAsync(agent, 200);
        await rig.DeniedAsync("203.0.113.7");
        await rig.StopAsync(agent);
    }

    [Fact]
    public async Task On_a_read_only_disk_nothing_starts_and_the_message_says_what_to_do()
    {
        await using var rig = new AgentRig();
        await using var disk = await SmallDisk.MountAsync(Path.Combine(rig.Folder, "disk"), "size=1m,ro");
        await UseAsync(rig, disk);
        var (exit, _, errors) = await rig.RunAsync();
        exit.ShouldBe(3, errors);
        errors.ShouldContain("database.path");
        errors.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task A_disk_that_turns_read_only_while_running_stops_effects_and_is_said_in_readyz()
    {
        await using var rig = new AgentRig(web: true);
        await using var disk = await SmallDisk.MountFragileAsync(Path.Combine(rig.Folder, "disk"));
        await UseAsync(rig, disk);
        var agent = await rig.StartAsync();
        await rig.ReadyAsync(agent, 200);
        await disk.BreakAsync();
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        await rig.ReadyAsync(agent, 503, "store: ");
        (await AgentRig.GetAsync(agent, "/healthz")).Status.ShouldBe(200, "watching goes on");
        await agent.WaitForAsync("nothing is blocked or lifted until it works again");
        File.Exists(rig.DenyFile).ShouldBeFalse("no effect without a stored intent");
        await rig.StopAsync(agent);
        agent.Errors.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task A_missing_SQLite_library_is_named_with_the_package_to_install()
    {
        await using var rig = new AgentRig();

        // What the loader finds first is no library.
        foreach (var name in (string[])["libsqlite3.so.0", "libsqlite3.so", "libsqlite3.0.dylib", "libsqlite3.dylib", "winsqlite3.dll"])
        {
            await File.WriteAllTextAsync(Path.Combine(rig.Folder, name), "", TestContext.Current.CancellationToken);
        }

        var (exit, _, errors) = await AgentProcess.RunAsync(["--config", rig.Config], new Dictionary<string, string>(StringComparer.Ordinal) { ["LD_LIBRARY_PATH"] = rig.Folder });
        exit.ShouldBe(3, errors);
        errors.ShouldContain("The SQLite library is missing");
        errors.ShouldContain("apt-get install libsqlite3-0");
        errors.ShouldNotContain("   at ");
    }

    private static Task UseAsync(AgentRig rig, SmallDisk disk) => File.WriteAllTextAsync(
        rig.Config, File.ReadAllText(rig.Config).Replace(rig.Database, Path.Combine(disk.Folder, "agent.db"), StringComparison.Ordinal), TestContext.Current.CancellationToken);

    private static void Execute(string database, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={database};Pooling=False");
        connection.Open();
        Execute(connection, sql);
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
