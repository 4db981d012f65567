using DevOpsAgent.Incidents;
using DevOpsAgent.Store;

namespace DevOpsAgent.App.Views;

/// <summary>Puts the full view of an incident together, for the page and the terminal alike.</summary>
internal static class IncidentDetails
{
    private const int Actions = 20;
    private const int EndedBlocks = 500;

    public static IncidentDetailView Of(IStore store, Incident incident) => new()
    {
        Incident = IncidentView.Of(incident),
        Evidence = incident.Evidence,
        Recommendation = incident.Recommendation is { } r ? RecommendationView.Of(r) : null,
        History = [.. store.GetHistory(incident.Id).Select(StatusChangeView.Of)],
        Blocks = [.. BlocksOf(store, incident).Select(BlockView.Of)],
        Investigations = [.. store.Investigations.Of(incident.Id).Select(InvestigationView.Of)],
        Similar = [.. SimilarIncidents.Of(store, incident)],
        Actions = [.. store.GetActions(incident.Id, openOnly: false, Actions).Select(ActionRecordView.Of)],
    };

    private static List<Blocking.Block> BlocksOf(IStore store, Incident incident)
    {
        var live = store.GetLiveBlocks().Where(b => b.IncidentId == incident.Id).ToList();
        return live.Count > 0 ? live : [.. store.ListBlocks(liveOnly: false, EndedBlocks, 0, out _).Where(b => b.IncidentId == incident.Id)];
    }
}
