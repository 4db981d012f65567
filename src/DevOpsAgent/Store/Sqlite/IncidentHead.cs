using DevOpsAgent.Incidents;

namespace DevOpsAgent.Store.Sqlite;

/// <summary>What a writer must know of a stored incident, without its evidence.</summary>
internal sealed record IncidentHead(long Version, IncidentStatus Status, DateTimeOffset StatusAt, DateTimeOffset UpdatedAt)
{
    public static IncidentHead Of(Incident incident) => new(incident.Version, incident.Status, incident.StatusAt, incident.UpdatedAt);
}
