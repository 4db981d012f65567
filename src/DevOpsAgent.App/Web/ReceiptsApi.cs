using System.Globalization;
using DevOpsAgent.App.Views;
using DevOpsAgent.Guards.Receipts;

namespace DevOpsAgent.App.Web;

/// <summary>What was called, who judged it and what came of it: read only.</summary>
internal static class ReceiptsApi
{
    public static IReadOnlyList<Endpoint> Endpoints { get; } =
    [
        new("GET", "/api/receipts", Effect.None, List),
        new("GET", "/api/receipts/{id}", Effect.None, Detail),
        new("GET", "/api/incidents/{id}/receipts", Effect.None, OfIncident),
    ];

    private static Task List(WebCall call) => Answer(call, new()
    {
        Tool = call.Query("tool"),
        Agent = call.Query("agent"),
        IncidentId = call.Query("incident") is null ? null : call.QueryInt("incident", 0, 1, int.MaxValue),
        Decision = call.Query("decision") is { } decision ? WebCall.Named<Decision>("decision", decision) : null,
        Since = call.Query("since") is { } since ? Time(since) : null,
    });

    private static Task OfIncident(WebCall call) => Answer(call, new() { IncidentId = call.RouteId() });

    private static Task Answer(WebCall call, ReceiptQuery query)
    {
        query = query with { Limit = call.QueryInt("limit", 50, 1, 500), Offset = call.QueryInt("offset", 0, 0, 10_000_000) };
        var found = call.Parts.Receipts.List(query, out var total);
        return call.Answer(new Page<ReceiptView>([.. found.Select(ReceiptView.Of)], total), WebCall.Json.PageReceiptView);
    }

    private static Task Detail(WebCall call)
    {
        var name = call.Context.Request.RouteValues["id"] as string ?? "";
        var entry = name.Length == 64 ? call.Parts.Receipts.Find(name)
            : long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var seq) ? call.Parts.Receipts.Get(seq)
            : throw ProblemException.BadField("id", "This is neither the number nor the id of a receipt.", "Give its seq, or the 64 digits of its id.");
        return entry is null
            ? throw ProblemException.NotFound("There is no such receipt.", "GET /api/receipts lists those that exist.")
            : call.Answer(ReceiptDetails.Of(call.Parts.Receipts, entry, call.Parts.Keys), WebCall.Json.ReceiptDetailView);
    }

    private static DateTimeOffset Time(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? at
            : throw ProblemException.BadField("since", $"'{text}' is not a time.", "Write it as 2026-11-21T09:00:00Z.");
}
