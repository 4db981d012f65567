using System.Globalization;
using System.Text;
using DevOpsAgent.Guards.Receipts;
using Microsoft.Data.Sqlite;

namespace DevOpsAgent.Store.Sqlite;

/// <summary>The receipt chain in the agent's database. It belongs to the <see cref="SqliteStore"/>, which closes it.</summary>
internal sealed class SqliteReceiptStore(SqliteDatabase database) : IReceiptStore
{
    private const string Columns = "seq, kind, id, body, signature, signed_by, mac";
    private const string IsOpen = "e.kind = 'intent' AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.intent = e.seq)";

    public IReadOnlyList<ChainEntry> Append(Func<long, string, IReadOnlyList<ChainEntry>> make) => database.Write(session =>
    {
        var (seq, id) = session.Query("SELECT seq, id FROM receipts ORDER BY seq DESC LIMIT 1", static row => (row.GetInt64(0), row.GetString(1)))
            .DefaultIfEmpty((0L, ChainTail.NoPrevious)).First();
        var made = make(seq, id);
        foreach (var entry in made)
        {
            session.Execute(
                "INSERT INTO receipts (seq, kind, id, body, signature, signed_by, mac) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                entry.Seq, EntryNames.Of(entry.Kind), entry.Id, entry.Body.ToArray(), entry.Signature, entry.SignedBy, entry.Mac);
        }

        return made;
    });

    public void Sign(IReadOnlyList<ChainEntry> signed) => database.Write(session =>
    {
        foreach (var entry in signed)
        {
            session.Execute(
                "UPDATE receipts SET signature = $1, signed_by = $2, mac = NULL WHERE seq = $3 AND id = $4 AND signature IS NULL",
                entry.Signature, entry.SignedBy, entry.Seq, entry.Id);
        }
    });

    public ChainEntry? Get(long seq) => database.Read(session => session.Query($"SELECT {Columns} FROM receipts WHERE seq = $1", Read, seq).FirstOrDefault());

    public ChainEntry? Find(string id) => database.Read(session => session.Query($"SELECT {Columns} FROM receipts WHERE id = $1", Read, id).FirstOrDefault());

    public IEnumerable<ChainEntry> Read(long from) =>
        database.Stream(string.Create(CultureInfo.InvariantCulture, $"SELECT {Columns} FROM receipts WHERE seq >= {from} ORDER BY seq"), Read);

    public IReadOnlyList<ChainEntry> List(ReceiptQuery query, out int total)
    {
        var (where, arguments) = Where(query);
        (var found, total) = database.Read(session =>
        {
            var count = session.Scalar<long>($"SELECT count(*) FROM receipts e WHERE {where}", arguments);
            object?[] page = [.. arguments, (long)Math.Max(0, query.Limit), (long)Math.Max(0, query.Offset)];
            return (session.Query($"SELECT {Columns} FROM receipts e WHERE {where} ORDER BY seq DESC LIMIT ${page.Length - 1} OFFSET ${page.Length}", Read, page), (int)count);
        });
        return found;
    }

    public IReadOnlyList<ChainEntry> OpenIntents() =>
        database.Read(session => session.Query($"SELECT {Columns} FROM receipts e WHERE {IsOpen} ORDER BY seq", Read));

    public IReadOnlyList<ChainEntry> Unsigned(int limit) =>
        database.Read(session => session.Query($"SELECT {Columns} FROM receipts WHERE signature IS NULL ORDER BY seq LIMIT $1", Read, (long)limit));

    private static (string Sql, object?[] Arguments) Where(ReceiptQuery query)
    {
        var sql = new StringBuilder($"(e.kind = 'receipt' OR ({IsOpen}))");
        var arguments = new List<object?>();
        Add("tool =", query.Tool);
        Add("agent =", query.Agent);
        Add("incident_id =", query.IncidentId);
        Add("decision =", query.Decision is { } decision ? EntryNames.Of(decision) : null);
        Add("at >=", SqliteValues.Of(query.Since));
        return (sql.ToString(), [.. arguments]);

        void Add(string condition, object? value)
        {
            if (value is not null)
            {
                arguments.Add(value);
                sql.Append(CultureInfo.InvariantCulture, $" AND {condition} ${arguments.Count}");
            }
        }
    }

    // A kind or column that was changed by hand must reach the verifier as something it can name, not as an exception here.
    private static ChainEntry Read(SqliteDataReader row) => new()
    {
        Seq = row.GetInt64(0),
        Kind = EntryNames.TryParse<EntryKind>(row.GetString(1), EntryNames.Of, out var kind) ? kind : (EntryKind)(-1),
        Id = row.GetString(2),
        Body = row.BytesOfAny(3),
        Signature = row.IsDBNull(4) ? null : row.BytesOfAny(4),
        SignedBy = row.TextOrNull(5),
        Mac = row.IsDBNull(6) ? null : row.BytesOfAny(6),
    };
}
