using DevOpsAgent.Addresses;
using DevOpsAgent.App.Views;

namespace DevOpsAgent.App.Web;

/// <summary>Blocks: what is denied now and was before, adding one by hand, lifting one, and the target's content.</summary>
internal static class BlocksApi
{
    public static IReadOnlyList<Endpoint> Endpoints { get; } =
    [
        new("GET", "/api/blocks", Effect.None, List),
        new("POST", "/api/blocks", Effect.Write, Add),
        new("DELETE", "/api/blocks/{id}", Effect.Write, Remove),
        new("GET", "/api/blocks/export", Effect.None, Export),
    ];

    private static Task List(WebCall call)
    {
        var live = call.Query("live") switch
        {
            null or "true" => true,
            "false" => false,
            var text => throw ProblemException.BadField("live", $"'{text}' is neither true nor false.", "Give live=false to see ended blocks too."),
        };
        var items = call.Parts.Store.ListBlocks(live, call.QueryInt("limit", 50, 1, 500), call.QueryInt("offset", 0, 0, 10_000_000), out var total);
        return call.Answer(new Page<BlockView>([.. items.Select(BlockView.Of)], total), WebCall.Json.PageBlockView);
    }

    private static async Task Add(WebCall call)
    {
        var body = await call.Body(WebCall.Json.BlockBody);
        var (by, origin) = call.Who(body.By);
        if (!AddressRange.TryParse(body.Range, out var range))
        {
            throw ProblemException.BadField("range", $"'{Short(body.Range)}' is not an IP address or CIDR range.", "Give one, as 203.0.113.7 or 203.0.113.0/24.");
        }

        var limits = call.Parts.Blocking;
        var ttl = body.TtlSeconds == 0 ? limits.Ttl : TimeSpan.FromSeconds(Math.Clamp(body.TtlSeconds, -1, int.MaxValue));
        if (ttl <= TimeSpan.Zero || ttl > limits.MaxTtl)
        {
            throw ProblemException.BadField("ttl_seconds", $"{body.TtlSeconds} s is not a time that a block can last.", $"Give 1 to {limits.MaxTtl.TotalSeconds:0} seconds (blocking.max_ttl).");
        }

        if (string.IsNullOrWhiteSpace(body.Reason))
        {
            throw ProblemException.BadField("reason", "A block by hand needs a reason: others will read it.", "Say in a few words why.");
        }

        var outcome = await call.Parts.Actions.BlockAsync(range, ttl, WebCall.Bounded("reason", body.Reason, 500), by, origin, call.Aborted);
        await call.Answer(Outcome.View(outcome), WebCall.Json.ActionView, outcome.Kind == OutcomeKind.Done ? 201 : 200);
    }

    private static async Task Remove(WebCall call)
    {
        var id = call.RouteId();
        var (by, origin) = call.Who(call.Query("by"));
        await call.Answer(Outcome.View(await call.Parts.Actions.UnblockAsync(id, by, origin, call.Aborted)), WebCall.Json.ActionView);
    }

    private static Task Export(WebCall call) =>
        call.AnswerText(call.Parts.Actions.ExportBlocks(), "application/yaml; charset=utf-8", "devops-agent.yaml");

    internal static string Short(string? text) => text is { Length: > 80 } ? text[..80] + "…" : text ?? "";
}
