using DevOpsAgent.Incidents;

namespace DevOpsAgent.Store.Sqlite;

/// <summary>Changes of incidents: transitions, and the incidents of a pipeline commit.</summary>
internal sealed class SqliteIncidents(SqliteDatabase database)
{
    public Incident? Get(long id) => database.Read(session => IncidentRows.Find(session, id));

    public Incident? FindOpen(string subject, string threat) => database.Read(session => IncidentRows.FindOpen(session, subject, threat));

    public IReadOnlyList<StatusChange> History(long id) => database.Read(session => session.Query(
        "SELECT incident_id, from_status, to_status, at, by, origin, note FROM incident_history WHERE incident_id = $1 ORDER BY id", IncidentRows.ReadChange, id));

    public bool TryTransition(
        long id, IReadOnlyCollection<IncidentStatus> from, StatusChange change, Func<Incident, Incident?>? update, bool lift, out Incident? current)
    {
        foreach (var status in from)
        {
            Transitions.Require(status, change.To);
        }

        (var moved, current) = database.Write<(bool, Incident?)>(session =>
        {
            if (IncidentRows.Find(session, id) is not { } stored)
            {
                return (false, null);
            }

            // Opening it again while a newer one of the same client and threat is open would make two.
            var taken = !Transitions.IsOpen(stored.Status) && Transitions.IsOpen(change.To)
                && IncidentRows.FindOpen(session, stored.Subject, stored.Threat) is not null;
            if (taken || !from.Contains(stored.Status) || (update is null ? stored : update(stored)) is not { } updated)
            {
                return (false, stored);
            }

            var changed = updated with
            {
                Id = id,
                Status = change.To,
                StatusAt = change.At,
                UpdatedAt = After(change.At, stored.UpdatedAt),
                Version = stored.Version + 1,
            };
            IncidentRows.Update(session, changed, evidence: !ReferenceEquals(changed.Evidence, stored.Evidence) || changed.Clients.Count != stored.Clients.Count);
            IncidentRows.AppendHistory(session, change with { IncidentId = id, From = stored.Status });
            if (lift)
            {
                session.Execute(
                    """
                    UPDATE blocks SET status = 'lifted', result = $1, updated_at = $2
                    WHERE incident_id = $3 AND status IN ('pending', 'active', 'unconfirmed')
                    """,
                    change.Note, SqliteValues.Of(change.At), id);
            }

            return (true, changed);
        });
        return moved;
    }

    /// <summary>Writes one incident of a commit, inside its transaction.</summary>
    public static Incident Save(SqliteSession session, IncidentChange ours, Func<Incident, Incident, Incident> merge)
    {
        var incident = ours.Incident;
        var stored = incident.Id > 0 ? IncidentRows.FindHead(session, incident.Id) : null;
        if (stored is { } head && head.Version == incident.Version)
        {
            return Update(session, incident, head, ours.Change);
        }

        // Stale, or new to a writer that has not seen the open one yet: a person or another process was here.
        var other = stored is not null
            ? IncidentRows.Find(session, incident.Id)
            : Transitions.IsOpen(incident.Status) ? IncidentRows.FindOpen(session, incident.Subject, incident.Threat) : null;
        if (other is null)
        {
            return Insert(session, incident with { Id = 0 }, ours.Change);
        }

        var merged = merge(other, incident) with { Subject = other.Subject, Threat = other.Threat };
        return merged.Id == 0 && incident.Id > 0 && !Transitions.IsOpen(other.Status)
            ? Save(session, new(merged, ours.Change), merge)
            : Update(session, merged with { Id = other.Id }, IncidentHead.Of(other), ours.Change);
    }

    private static Incident Insert(SqliteSession session, Incident incident, StatusChange? change)
    {
        change ??= Silent(incident);
        Transitions.Require(null, incident.Status);
        var stored = IncidentRows.Insert(session, incident with { StatusAt = change.At, Version = 1 });
        IncidentRows.AppendHistory(session, change with { IncidentId = stored.Id, From = null, To = stored.Status });
        return stored;
    }

    private static Incident Update(SqliteSession session, Incident incident, IncidentHead stored, StatusChange? change)
    {
        var moves = incident.Status != stored.Status;
        change = moves ? change ?? Silent(incident) : null;
        if (moves)
        {
            Transitions.Require(stored.Status, incident.Status);
        }

        var changed = incident with
        {
            StatusAt = change?.At ?? stored.StatusAt,
            UpdatedAt = After(incident.UpdatedAt, stored.UpdatedAt),
            Version = stored.Version + 1,
        };
        IncidentRows.Update(session, changed, evidence: true);
        if (change is not null)
        {
            IncidentRows.AppendHistory(session, change with { IncidentId = incident.Id, From = stored.Status, To = incident.Status });
        }

        return changed;
    }

    private static StatusChange Silent(Incident incident) =>
        new() { IncidentId = incident.Id, From = null, To = incident.Status, At = incident.UpdatedAt, By = "rule", Origin = "service" };

    /// <summary>A clock that was set back must not hide a change from those who ask for what is newer.</summary>
    private static DateTimeOffset After(DateTimeOffset at, DateTimeOffset last) => at > last ? at : last.AddTicks(1);
}
