using System.Globalization;
using System.Text;
using DevOpsAgent.Addresses;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.Store.Sqlite;

/// <summary>A page of incidents. Counts and orders by the light rows; only those on the page are read in full.</summary>
internal static class IncidentListing
{
    public static IncidentPage Read(SqliteSession session, IncidentQuery query)
    {
        var where = new StringBuilder("WHERE 1");
        var values = new List<object?>();
        string Value(object? value)
        {
            values.Add(value);
            return string.Create(CultureInfo.InvariantCulture, $"${values.Count}");
        }

        if (query.Statuses is { } statuses)
        {
            where.Append(CultureInfo.InvariantCulture, $" AND status IN ({string.Join(", ", statuses.Distinct().Select(s => Value(SqliteValues.Of(s))))})");
        }

        if (query.MinSeverity is { } severity and > Severity.Low)
        {
            where.Append(CultureInfo.InvariantCulture, $" AND severity_rank >= {Value((long)severity)}");
        }

        if (query.Threat is { } threat)
        {
            where.Append(CultureInfo.InvariantCulture, $" AND threat_type = {Value(threat)}");
        }

        if (query.UpdatedBefore is { } before)
        {
            where.Append(CultureInfo.InvariantCulture, $" AND updated_at < {Value(SqliteValues.Of(before))}");
        }

        if (query.Client is { } client)
        {
            where.Append(CultureInfo.InvariantCulture, $" AND id IN (SELECT incident_id FROM incident_clients WHERE address = {Value(SqliteValues.Of(client))})");
        }

        if (query.Search?.Trim() is { Length: > 0 } search)
        {
            where.Append(CultureInfo.InvariantCulture, $" AND (instr(search_text, {Value(search.ToLowerInvariant())}) > 0");

            // A whole address or range also finds the clients of a large campaign, whose text is not all searchable.
            if (AddressRange.TryParse(search, out var range))
            {
                var (low, high) = (Value(SqliteValues.Of(range.Address)), Value(SqliteValues.LastOf(range)));
                where.Append(CultureInfo.InvariantCulture, $" OR id IN (SELECT incident_id FROM incident_clients WHERE address BETWEEN {low} AND {high})");
            }

            where.Append(')');
        }

        var total = (int)session.Scalar<long>($"SELECT count(*) FROM incidents {where}", values.ToArray());
        var order = query.BySeverity ? "severity_rank DESC, updated_at DESC, id DESC" : "updated_at DESC, id DESC";
        var page = $"SELECT id FROM incidents {where} ORDER BY {order} LIMIT {Value((long)Math.Max(0, query.Limit))} OFFSET {Value((long)Math.Max(0, query.Offset))}";
        var ids = session.Query(page, static row => row.GetInt64(0), values.ToArray());
        return new([.. ids.Select(id => IncidentRows.Find(session, id, !query.WithoutEvidence)!)], total);
    }
}
