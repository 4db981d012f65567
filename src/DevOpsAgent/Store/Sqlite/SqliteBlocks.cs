using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using Microsoft.Data.Sqlite;

namespace DevOpsAgent.Store.Sqlite;

internal sealed class SqliteBlocks(SqliteDatabase database)
{
    private const string Columns = "id, range, incident_id, reason, created_at, expires_at, approved_by, status, updated_at, offence, result";

    // The same words as in the index blocks_live, or SQLite doesn't use it.
    private const string IsLive = "status IN ('pending', 'active', 'unconfirmed')";

    private volatile LiveBlocks? _live;

    public long Add(Block block) => database.Write(session => Add(session, block));

    public static long Add(SqliteSession session, Block block) => session.Scalar<long>(
        """
        INSERT INTO blocks (range, incident_id, reason, created_at, expires_at, approved_by, status, updated_at, offence, result)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id
        """,
        block.Range.ToCidr(), block.IncidentId, block.Reason, SqliteValues.Of(block.CreatedAt), SqliteValues.Of(block.ExpiresAt), block.ApprovedBy,
        SqliteValues.Of(block.Status), SqliteValues.Of(block.UpdatedAt), (long)block.Offence, block.Result);

    public void Update(long id, BlockStatus status, string? result, DateTimeOffset at, DateTimeOffset? expiresAt) => database.Write(session => session.Execute(
        "UPDATE blocks SET status = $1, result = $2, updated_at = $3, expires_at = coalesce($4, expires_at) WHERE id = $5",
        SqliteValues.Of(status), result, SqliteValues.Of(at), SqliteValues.Of(expiresAt), id));

    public Block? Get(long id) => database.Read(session => session.Query($"SELECT {Columns} FROM blocks WHERE id = $1", Read, id)).FirstOrDefault();

    /// <summary>Asked several times per change, with thousands of blocks: read again only when a block changed.</summary>
    public IReadOnlyList<Block> Live() => database.Read(session =>
    {
        // The number first: rows that are newer than it are read once more, older ones never kept for it.
        var changes = session.Scalar<long>("SELECT count FROM block_changes");
        if (_live is not { } live || live.Changes != changes)
        {
            _live = live = new(changes, session.Query($"SELECT {Columns} FROM blocks WHERE {IsLive} ORDER BY id", Read));
        }

        return live.Blocks;
    });

    public IReadOnlyList<Block> List(bool liveOnly, int limit, int offset, out int total)
    {
        var where = liveOnly ? $"WHERE {IsLive}" : "";
        (var page, total) = database.Read(session => (
            session.Query($"SELECT {Columns} FROM blocks {where} ORDER BY id DESC LIMIT $1 OFFSET $2", Read, (long)Math.Max(0, limit), (long)Math.Max(0, offset)),
            (int)session.Scalar<long>($"SELECT count(*) FROM blocks {where}")));
        return page;
    }

    public int CountOf(AddressRange range, DateTimeOffset since) => (int)database.Read(session => session.Scalar<long>(
        "SELECT count(*) FROM blocks WHERE range = $1 AND created_at >= $2", range.ToCidr(), SqliteValues.Of(since)));

    public int CountSince(DateTimeOffset since) => (int)database.Read(session => session.Scalar<long>(
        "SELECT count(*) FROM blocks WHERE created_at >= $1", SqliteValues.Of(since)));

    private static Block Read(SqliteDataReader row) => new()
    {
        Id = row.GetInt64(0),
        Range = AddressRange.TryParse(row.GetString(1), out var range)
            ? range
            : throw new StoreException($"The database holds a block of '{row.GetString(1)}', which is no range: it was changed by hand.", StoreFault.Corrupt),
        IncidentId = row.NumberOrNull(2),
        Reason = row.GetString(3),
        CreatedAt = row.Time(4),
        ExpiresAt = row.Time(5),
        ApprovedBy = row.GetString(6),
        Status = row.Name<BlockStatus>(7),
        UpdatedAt = row.Time(8),
        Offence = row.GetInt32(9),
        Result = row.TextOrNull(10),
    };

    private sealed record LiveBlocks(long Changes, IReadOnlyList<Block> Blocks);
}
