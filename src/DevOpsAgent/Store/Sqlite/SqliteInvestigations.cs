using System.Text.Json;
using DevOpsAgent.Agent;
using Microsoft.Data.Sqlite;

namespace DevOpsAgent.Store.Sqlite;

/// <summary>Runs of the language model and its exchanges.</summary>
internal sealed class SqliteInvestigations(SqliteDatabase database) : IInvestigationStore
{
    public long Save(Investigation investigation) => database.Write(session =>
    {
        var id = session.Scalar<long>(
            "INSERT INTO investigations (incident_id, run, started_at, ended_how, body) VALUES ($1, $2, $3, $4, $5) RETURNING id",
            investigation.IncidentId, investigation.Run, SqliteValues.Of(investigation.StartedAt), RunEndNames.Of(investigation.End),
            JsonSerializer.Serialize(investigation, InvestigationJson.Default.Investigation));
        session.Execute(
            "DELETE FROM investigations WHERE incident_id IS $1 AND id <= (SELECT id FROM investigations WHERE incident_id IS $1 ORDER BY id DESC LIMIT 1 OFFSET $2)",
            investigation.IncidentId, (long)IInvestigationStore.KeptRuns);
        return id;
    });

    public IReadOnlyList<Investigation> Of(long incidentId) => [.. database.Read(session => session.Query(
        "SELECT id, body FROM investigations WHERE incident_id = $1 ORDER BY id DESC", Read, incidentId)).OfType<Investigation>()];

    public void Add(ModelExchange exchange) => database.Write(session =>
    {
        var id = session.Scalar<long>(
            """
            INSERT INTO model_exchanges (run, turn, incident_id, at, model, prompt_sha256, prompt_from, prompt, answer_sha256, answer, tokens_in, tokens_out, cost, decision, intent)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) RETURNING id
            """,
            exchange.Run, (long)exchange.Turn, exchange.IncidentId, SqliteValues.Of(exchange.At), exchange.Model, exchange.PromptHash, (long)exchange.PromptFrom, exchange.Prompt,
            exchange.AnswerHash, exchange.Answer, exchange.TokensIn, exchange.TokensOut, exchange.Cost, exchange.Decision, exchange.Intent);
        return session.Execute("DELETE FROM model_exchanges WHERE id <= $1", id - IInvestigationStore.KeptExchanges);
    });

    public IReadOnlyList<ModelExchange> Exchanges(string run) => database.Read(session => session.Query(
        """
        SELECT run, turn, incident_id, at, model, prompt_sha256, prompt_from, prompt, answer_sha256, answer, tokens_in, tokens_out, cost, decision, intent
        FROM model_exchanges WHERE run = $1 ORDER BY turn, id
        """,
        ReadExchange, run));

    public int Prune(DateTimeOffset olderThan) => database.Write(session => session.Execute("DELETE FROM model_exchanges WHERE at < $1", SqliteValues.Of(olderThan)));

    /// <summary>Null: written by hand or by a later version; a listing must not fail for it.</summary>
    private static Investigation? Read(SqliteDataReader row)
    {
        try
        {
            return JsonSerializer.Deserialize(row.GetString(1), InvestigationJson.Default.Investigation) is { } read ? read with { Id = row.GetInt64(0) } : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static ModelExchange ReadExchange(SqliteDataReader row) => new()
    {
        Run = row.GetString(0),
        Turn = row.GetInt32(1),
        IncidentId = row.NumberOrNull(2),
        At = row.Time(3),
        Model = row.GetString(4),
        PromptHash = row.GetString(5),
        PromptFrom = row.GetInt32(6),
        Prompt = row.GetString(7),
        AnswerHash = row.GetString(8),
        Answer = row.GetString(9),
        TokensIn = row.GetInt64(10),
        TokensOut = row.GetInt64(11),
        Cost = row.GetDouble(12),
        Decision = row.GetString(13),
        Intent = row.NumberOrNull(14),
    };
}
