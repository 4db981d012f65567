using System.Text.Json;
using DevOpsAgent.Addresses;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using Microsoft.Data.Sqlite;

namespace DevOpsAgent.Store.Sqlite;

/// <summary>One incident to and from its rows. Runs inside the caller's transaction.</summary>
internal static class IncidentRows
{
    private const string Light = """
        SELECT id, ip_address, threat_type, severity, detected_at, status, status_at, updated_at, is_campaign, summary, recommendation, version, '{}'
        FROM incidents WHERE id = $1
        """;

    private const string Full = """
        SELECT id, ip_address, threat_type, severity, detected_at, status, status_at, updated_at, is_campaign, summary, recommendation, version, evidence
        FROM incidents JOIN incident_evidence ON incident_id = id WHERE id = $1
        """;

    // The same words as in the index incidents_open, or SQLite doesn't use it.
    private const string IsOpen = "status IN ('open', 'recommended', 'approved', 'blocked', 'failed')";

    // A campaign has up to thousands of clients: beyond these a search finds them by their whole address.
    private const int SearchableClients = 200;

    public static Incident? Find(SqliteSession session, long id, bool evidence = true)
    {
        var found = session.Query(evidence ? Full : Light, Read, id);
        return found.Count == 0 ? null : found[0] with
        {
            Clients = session.Query("SELECT address FROM incident_clients WHERE incident_id = $1 ORDER BY address", static row => row.Address(0), id),
        };
    }

    public static Incident? FindOpen(SqliteSession session, string subject, string threat) =>
        session.Scalar<long>($"SELECT id FROM incidents WHERE ip_address = $1 AND threat_type = $2 AND {IsOpen}", subject, threat) is var id and > 0
            ? Find(session, id)
            : null;

    public static IncidentHead? FindHead(SqliteSession session, long id)
    {
        var found = session.Query(
            "SELECT version, status, status_at, updated_at FROM incidents WHERE id = $1",
            static row => new IncidentHead(row.GetInt64(0), row.Name<IncidentStatus>(1), row.Time(2), row.Time(3)),
            id);
        return found.Count == 0 ? null : found[0];
    }

    public static Incident Insert(SqliteSession session, Incident incident)
    {
        var id = session.Scalar<long>(
            """
            INSERT INTO incidents (ip_address, threat_type, severity, detected_at, status, status_at, updated_at, is_campaign, summary, recommendation, version, search_text)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id
            """,
            incident.Subject, incident.Threat, SqliteValues.Of(incident.Severity), SqliteValues.Of(incident.DetectedAt), SqliteValues.Of(incident.Status),
            SqliteValues.Of(incident.StatusAt), SqliteValues.Of(incident.UpdatedAt), incident.IsCampaign ? 1L : 0L, incident.Summary,
            Json(incident.Recommendation), incident.Version, SearchText(incident));
        session.Execute("INSERT INTO incident_evidence (incident_id, evidence) VALUES ($1, $2)", id, StoredEvidence.Write(incident.Evidence));
        AddClients(session, id, incident.Clients);
        return incident with { Id = id };
    }

    public static void Update(SqliteSession session, Incident incident, bool evidence)
    {
        session.Execute(
            """
            UPDATE incidents SET severity = $1, detected_at = $2, status = $3, status_at = $4, updated_at = $5, is_campaign = $6, summary = $7,
                recommendation = $8, version = $9, search_text = $10 WHERE id = $11
            """,
            SqliteValues.Of(incident.Severity), SqliteValues.Of(incident.DetectedAt), SqliteValues.Of(incident.Status), SqliteValues.Of(incident.StatusAt),
            SqliteValues.Of(incident.UpdatedAt), incident.IsCampaign ? 1L : 0L, incident.Summary, Json(incident.Recommendation), incident.Version,
            SearchText(incident), incident.Id);
        if (evidence)
        {
            session.Execute("UPDATE incident_evidence SET evidence = $1 WHERE incident_id = $2", StoredEvidence.Write(incident.Evidence), incident.Id);
            AddClients(session, incident.Id, incident.Clients);
        }
    }

    public static void AppendHistory(SqliteSession session, StatusChange change) =>
        session.Execute(
            "INSERT INTO incident_history (incident_id, from_status, to_status, at, by, origin, note) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            change.IncidentId, change.From is { } from ? SqliteValues.Of(from) : null, SqliteValues.Of(change.To), SqliteValues.Of(change.At),
            change.By, change.Origin, change.Note);

    public static StatusChange ReadChange(SqliteDataReader row) => new()
    {
        IncidentId = row.GetInt64(0),
        From = row.IsDBNull(1) ? null : row.Name<IncidentStatus>(1),
        To = row.Name<IncidentStatus>(2),
        At = row.Time(3),
        By = row.GetString(4),
        Origin = row.GetString(5),
        Note = row.TextOrNull(6),
    };

    private static Incident Read(SqliteDataReader row) => new()
    {
        Id = row.GetInt64(0),
        Subject = row.GetString(1),
        Threat = row.GetString(2),
        Severity = row.Name<Severity>(3),
        DetectedAt = row.Time(4),
        Status = row.Name<IncidentStatus>(5),
        StatusAt = row.Time(6),
        UpdatedAt = row.Time(7),
        IsCampaign = row.GetInt64(8) != 0,
        Summary = row.GetString(9),
        Recommendation = row.TextOrNull(10) is { } json ? Parse(() => JsonSerializer.Deserialize(json, StoreJson.Default.Recommendation)) : null,
        Version = row.GetInt64(11),
        Evidence = Parse(() => StoredEvidence.Read(row.GetString(12))),
        Clients = [],
    };

    /// <summary>A campaign only grows, so clients are added and never taken away.</summary>
    private static void AddClients(SqliteSession session, long id, IReadOnlyList<ClientAddress> clients)
    {
        if (session.Scalar<long>("SELECT count(*) FROM incident_clients WHERE incident_id = $1", id) == clients.Count)
        {
            return;
        }

        foreach (var client in clients)
        {
            session.Execute("INSERT OR IGNORE INTO incident_clients (incident_id, address) VALUES ($1, $2)", id, SqliteValues.Of(client));
        }
    }

    private static string SearchText(Incident incident) => string.Join(
        '\n',
        [incident.Subject, incident.Threat, incident.Summary, .. incident.Clients.Take(SearchableClients).Select(static c => c.ToString()), .. incident.Evidence.Paths.Select(static p => p.Value)])
        .ToLowerInvariant();

    private static string? Json(Recommendation? recommendation) =>
        recommendation is null ? null : JsonSerializer.Serialize(recommendation, StoreJson.Default.Recommendation);

    private static T Parse<T>(Func<T?> parse) where T : class
    {
        try
        {
            return parse() ?? throw new JsonException("null");
        }
        catch (JsonException fault)
        {
            throw new StoreException($"The database holds a broken {typeof(T).Name} ({fault.Message}): it was changed by hand.", StoreFault.Corrupt, fault);
        }
    }
}
