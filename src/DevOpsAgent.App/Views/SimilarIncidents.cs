using DevOpsAgent.Addresses;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;

namespace DevOpsAgent.App.Views;

/// <summary>Other incidents that look like the same hand: the same client, the same network, or the same paths and agent.</summary>
internal static class SimilarIncidents
{
    private const int Shown = 10;

    /// <summary>So many of the newest incidents of the threat are compared.</summary>
    private const int Compared = 200;

    public static IReadOnlyList<SimilarView> Of(IStore store, Incident incident)
    {
        var found = new Dictionary<long, SimilarView>();
        foreach (var client in incident.Clients.Take(3))
        {
            Add(store.ListIncidents(new() { Client = client, Limit = Shown }).Items, static _ => "same client");
        }

        Add(store.ListIncidents(new() { Threat = incident.Threat, Limit = Compared }).Items, other => Likeness(incident, other));
        return [.. found.Values.Take(Shown)];

        void Add(IEnumerable<Incident> others, Func<Incident, string?> why)
        {
            foreach (var other in others)
            {
                if (found.Count < Shown && other.Id != incident.Id && !found.ContainsKey(other.Id) && why(other) is { } reason)
                {
                    found[other.Id] = new(other.Id, other.Subject, other.Threat, IncidentView.Name(other.Severity), IncidentView.Name(other.Status), reason);
                }
            }
        }
    }

    private static string? Likeness(Incident one, Incident other)
    {
        if (one.Clients.Count > 0 && other.Clients.Count > 0 && Network(one.Clients[0]) == Network(other.Clients[0]))
        {
            return "same network " + Network(one.Clients[0]);
        }

        var paths = one.Evidence.Paths.Select(static p => p.Value).Intersect(other.Evidence.Paths.Select(static p => p.Value), StringComparer.Ordinal).Count();
        return paths >= 3 ? $"{paths} of its top paths" : null;
    }

    private static AddressRange Network(ClientAddress client) => new(client, client.IsIPv4 ? 24 : 48);
}
