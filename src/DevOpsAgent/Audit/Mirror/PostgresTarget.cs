using Npgsql;
using NpgsqlTypes;

namespace DevOpsAgent.Audit.Mirror;

/// <summary>
/// A table in PostgreSQL, made at the first batch. A line that is there already must be the same: what another hash is found
/// for is an alarm, never overwritten. Give the agent's role INSERT and SELECT only, once the table is there.
/// </summary>
internal sealed class PostgresTarget : IMirrorTarget
{
    private const string Table = """
        create table if not exists devops_agent_audit (
            stream text not null,
            seq bigint not null,
            segment bigint not null,
            event text not null,
            ts_unix_ms bigint not null,
            hash text not null,
            line text not null,
            received_at timestamptz not null default now(),
            primary key (stream, seq))
        """;

    private const string Insert = """
        insert into devops_agent_audit (stream, seq, segment, event, ts_unix_ms, hash, line)
        select $1, n.seq, $2, n.event, n.ts, n.hash, n.line from unnest($3, $4, $5, $6, $7) as n (seq, event, ts, hash, line)
        on conflict (stream, seq) do nothing
        """;

    private const string Conflicts = """
        select min(n.seq) from unnest($2, $3) as n (seq, hash)
        join devops_agent_audit t on t.stream = $1 and t.seq = n.seq where t.hash <> n.hash
        """;

    private readonly NpgsqlDataSource _source;
    private bool _ready;

    /// <exception cref="ArgumentException">The connection string is none.</exception>
    public PostgresTarget(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "devops-agent" };
        Name = $"PostgreSQL {settings.Host}:{settings.Port}/{settings.Database}";
        _source = NpgsqlDataSource.Create(settings.ConnectionString);
    }

    public string Name { get; }

    public async Task SendAsync(MirrorBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await _source.OpenConnectionAsync(cancellationToken);
            await PrepareAsync(connection, cancellationToken);
            long[] seqs = [.. batch.Lines.Select(static l => l.Line.Seq)];
            string[] hashes = [.. batch.Lines.Select(static l => l.Line.Hash)];
            await using (var insert = new NpgsqlCommand(Insert, connection))
            {
                insert.Parameters.AddRange((NpgsqlParameter[])[
                    Text(batch.Stream), new() { Value = batch.Segment }, Longs(seqs), Texts([.. batch.Lines.Select(static l => l.Line.Event)]),
                    Longs([.. batch.Lines.Select(static l => l.Line.TsUnixMs)]), Texts(hashes), Texts([.. batch.Lines.Select(static l => System.Text.Encoding.UTF8.GetString(l.Text))]),
                ]);
                if (await insert.ExecuteNonQueryAsync(cancellationToken) == seqs.Length)
                {
                    return;
                }
            }

            await using var conflicts = new NpgsqlCommand(Conflicts, connection);
            conflicts.Parameters.AddRange((NpgsqlParameter[])[Text(batch.Stream), Longs(seqs), Texts(hashes)]);
            if (await conflicts.ExecuteScalarAsync(cancellationToken) is long seq)
            {
                throw new MirrorException($"{Name} has another line {seq} of '{batch.Stream}': one of the two logs was changed, or two logs share this name. Compare the table devops_agent_audit with the files; nothing was overwritten.");
            }
        }
        catch (NpgsqlException e)
        {
            throw new MirrorException($"{Name} did not take lines {batch.Lines[0].Line.Seq} to {batch.Lines[^1].Line.Seq}: {e.Message}", e);
        }
        catch (Exception e) when (e is TimeoutException or System.Net.Sockets.SocketException or IOException)
        {
            throw new MirrorException($"{Name} can't be reached: {e.Message}", e);
        }
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private async Task PrepareAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (_ready)
        {
            return;
        }

        // Asked first: a role that may only insert can't create.
        await using var exists = new NpgsqlCommand("select to_regclass('devops_agent_audit') is not null", connection);
        if (await exists.ExecuteScalarAsync(cancellationToken) is not true)
        {
            await using var create = new NpgsqlCommand(Table, connection);
            await create.ExecuteNonQueryAsync(cancellationToken);
        }

        _ready = true;
    }

    private static NpgsqlParameter Text(string value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Text };

    private static NpgsqlParameter Longs(long[] values) => new() { Value = values, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint };

    private static NpgsqlParameter Texts(string[] values) => new() { Value = values, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };
}
