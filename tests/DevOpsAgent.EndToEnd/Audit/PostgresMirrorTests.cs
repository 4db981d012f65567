using DevOpsAgent.Audit;
using DevOpsAgent.Audit.Mirror;
using DevOpsAgent.Configuration;
using DevOpsAgent.Signing;
using Npgsql;

namespace DevOpsAgent.EndToEnd.Audit;

/// <summary>The mirror against a real PostgreSQL: copies, outage, restart, and a line that is another one there.</summary>
[Collection(ProcessTests.Name)]
public sealed class PostgresMirrorTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lines_are_copied_through_an_outage_and_a_difference_is_an_alarm()
    {
        await using var server = await PostgresServer.StartAsync();
        var root = Directory.CreateTempSubdirectory("devops-agent-mirror-").FullName;
        using var ring = KeyRing.InMemory(TimeProvider.System);
        var config = new AuditConfig
        {
            Directory = Path.Combine(root, "audit"),
            SegmentSize = 20_000,
            Mirror = new() { Postgres = new(server.ConnectionString), Live = true },
        };
        using (var log = AuditLog.Open(config, AuditKeys.Of(ring), TimeProvider.System))
        {
            await using var mirror = MirrorFactory.Start(config, "ops-audit", log, TimeProvider.System)!;
            await AppendAsync(log, 700);
            await Eventually.True(() => mirror.Status.Position == log.End.Seq, "all lines are copied", () => mirror.Status.ToString());

            await server.StopServerAsync();
            await AppendAsync(log, 50);
            await Eventually.True(() => mirror.Status.Problem is not null, "the outage is noticed");
            await server.StartServerAsync();
            await Eventually.True(() => mirror.Status.Position == log.End.Seq, "the rest is copied", () => mirror.Status.ToString());
            (await QueryAsync(server, "select line from devops_agent_audit where stream = 'ops-audit' order by seq")).ShouldBe(Lines(config.Directory));
        }

        // The attack: the log is made anew, with the same key, without the line that matters.
        await QueryAsync(server, "update devops_agent_audit set hash = repeat('f', 64) where seq = 3 returning line");
        File.Delete(Path.Combine(config.Directory, MirrorPosition.FileName));
        using (var log = AuditLog.Open(config, AuditKeys.Of(ring), TimeProvider.System))
        {
            await using var mirror = MirrorFactory.Start(config, "ops-audit", log, TimeProvider.System)!;
            await Eventually.True(() => mirror.Status.Problem is not null, "the difference is noticed");
            mirror.Status.Problem!.ShouldContain("has another line 3 of 'ops-audit'");
            await AppendAsync(log, 1);
        }

        Directory.Delete(root, recursive: true);
    }

    private static async Task AppendAsync(AuditLog log, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await log.AppendAsync(new AuditEvent.Started(new string('1', 32), i), Cancellation);
        }
    }

    private static List<string> Lines(string directory)
    {
        using var tail = new AuditTail(directory);
        var lines = new List<string>();
        while (tail.TryRead(out _, out var text))
        {
            lines.Add(System.Text.Encoding.ASCII.GetString(text));
        }

        return lines;
    }

    private static async Task<List<string>> QueryAsync(PostgresServer server, string sql)
    {
        await using var source = NpgsqlDataSource.Create(server.ConnectionString);
        await using var command = source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(Cancellation);
        var rows = new List<string>();
        while (await reader.ReadAsync(Cancellation))
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }
}
