using DevOpsAgent.Configuration;
using DevOpsAgent.Incidents;
using DevOpsAgent.Service;
using DevOpsAgent.Signing;
using DevOpsAgent.Store;
using DevOpsAgent.Store.Sqlite;
using DevOpsAgent.Tests.Incidents;
using DevOpsAgent.Tests.Store;
using Microsoft.Data.Sqlite;

namespace DevOpsAgent.Tests.Service;

public sealed class AutoApprovalsTests
{
    [Fact]
    public async Task A_store_that_is_locked_in_the_moment_of_an_approval_loses_none()
    {
        using var directory = new TemporaryDirectory();
        using var store = new SqliteStore(directory.File("agent.db"), new() { BusyTimeout = TimeSpan.FromMilliseconds(20) }, SqliteSchema.Migrations);
        await using var parts = new AgentParts(new AgentConfig { Mode = Mode.Auto }, store, store.Receipts, KeyRing.InMemory(TimeProvider.System), TimeProvider.System, static _ => { });
        var approvals = new AutoApprovals(store, parts.Effects);
        var incidents = ((string[])["203.0.113.1", "203.0.113.2"]).Select(c => store.Add(Sample.Incident(c))).ToList();
        incidents.ForEach(approvals.Add);
        using (var other = new SqliteConnection($"Data Source={directory.File("agent.db")};Pooling=False"))
        {
            other.Open();
            Run(other, "BEGIN IMMEDIATE");
            (await Should.ThrowAsync<StoreException>(() => approvals.RunAsync(TestContext.Current.CancellationToken))).Message.ShouldContain("locked");
            await Should.ThrowAsync<StoreException>(() => approvals.RunAsync(TestContext.Current.CancellationToken));
            Run(other, "ROLLBACK");
        }

        await approvals.RunAsync(TestContext.Current.CancellationToken);
        incidents.ShouldAllBe(i => store.GetIncident(i.Id)!.Status == IncidentStatus.Approved);
        incidents.ShouldAllBe(i => store.GetHistory(i.Id).Count(h => h.To == IncidentStatus.Approved) == 1);
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
