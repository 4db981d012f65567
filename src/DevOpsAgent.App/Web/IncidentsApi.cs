using DevOpsAgent.Addresses;
using DevOpsAgent.App.Views;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;

namespace DevOpsAgent.App.Web;

/// <summary>Incidents: listing, detail, the recommendation, and the decisions about it.</summary>
internal static class IncidentsApi
{
    public const int MaxBulk = 500;

    public static IReadOnlyList<Endpoint> Endpoints { get; } =
    [
        new("GET", "/api/incidents", Effect.None, List),
        new("GET", "/api/incidents/{id}", Effect.None, Detail),
        new("GET", "/api/incidents/{id}/recommendation", Effect.None, Recommendation),
        new("POST", "/api/incidents/{id}/approve", Effect.Write, Approve),
        new("POST", "/api/incidents/{id}/reject", Effect.Write, Reject),
        new("POST", "/api/incidents/{id}/undo", Effect.Write, Undo),
        new("POST", "/api/incidents/bulk", Effect.Write, BulkApi.Run),
    ];

    private static Task List(WebCall call)
    {
        ClientAddress? client = null;
        if (call.Query("client") is { } text)
        {
            client = ClientAddress.TryParse(text, out var address)
                ? address
                : throw ProblemException.BadField("client", $"'{text}' is not an IP address.", "Give one address, as 203.0.113.7 or 2001:db8::1.");
        }

        var sort = call.Query("sort") ?? "severity";
        var query = new IncidentQuery
        {
            Statuses = call.QueryNames<IncidentStatus>("status"),
            MinSeverity = call.Query("severity") is { } severity ? WebCall.Named<Severity>("severity", severity) : null,
            Threat = call.Query("threat"),
            Search = call.Query("q"),
            Client = client,
            Limit = call.QueryInt("limit", 50, 1, 500),
            Offset = call.QueryInt("offset", 0, 0, 10_000_000),
            BySeverity = sort switch
            {
                "severity" => true,
                "newest" => false,
                _ => throw ProblemException.BadField("sort", $"'{sort}' is not an order.", "Give severity or newest."),
            },
        };

        var page = call.Parts.Store.ListIncidents(query);
        var hidden = query.MinSeverity is > Severity.Low
            ? call.Parts.Store.ListIncidents(query with { MinSeverity = null, Limit = 1, Offset = 0 }).Total - page.Total
            : 0;
        return call.Answer(
            new IncidentPageView([.. page.Items.Select(IncidentView.Of)], page.Total, query.Limit, query.Offset, Math.Max(0, hidden)),
            WebCall.Json.IncidentPageView);
    }

    private static Task Detail(WebCall call) => call.Answer(DetailOf(call), WebCall.Json.IncidentDetailView);

    private static Task Recommendation(WebCall call) => Find(call, call.RouteId()).Recommendation is { } recommendation
        ? call.Answer(RecommendationView.Of(recommendation), WebCall.Json.RecommendationView)
        : throw ProblemException.NotFound("This incident has no recommendation.", "Its rules only record. Add a block by hand with POST /api/blocks if one is needed.");

    private static Task Approve(WebCall call) => Decide(call, DecisionKind.Approve);

    private static Task Reject(WebCall call) => Decide(call, DecisionKind.Reject);

    private static Task Undo(WebCall call) => Decide(call, DecisionKind.Undo);

    private static async Task Decide(WebCall call, DecisionKind kind)
    {
        var id = call.RouteId();
        var body = await call.Body(WebCall.Json.DecisionBody);
        var (by, origin) = call.Who(body.By);
        var outcome = (await call.Parts.Actions.DecideAsync(kind, [id], by, origin, WebCall.Bounded("note", body.Note, 500), call.Aborted))[0];
        await call.Answer(Outcome.View(outcome, DetailOf(call)), WebCall.Json.ActionView);
    }

    private static Incident Find(WebCall call, long id) => call.Parts.Store.GetIncident(id)
        ?? throw ProblemException.NotFound($"There is no incident {id}.", "It may have been pruned. GET /api/incidents lists those that exist.");

    private static IncidentDetailView DetailOf(WebCall call) => IncidentDetails.Of(call.Parts.Store, Find(call, call.RouteId()));
}
