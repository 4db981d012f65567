using DevOpsAgent.Addresses;
using DevOpsAgent.App.Views;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.App.Web;

/// <summary>The allowlist: entries, CSV in and out, and the question whether an address is covered.</summary>
internal static class AllowlistApi
{
    public static IReadOnlyList<Endpoint> Endpoints { get; } =
    [
        new("GET", "/api/allowlist", Effect.None, List),
        new("POST", "/api/allowlist", Effect.Write, Add),
        new("PUT", "/api/allowlist/{id}", Effect.Write, Change),
        new("DELETE", "/api/allowlist/{id}", Effect.Write, Remove),
        new("POST", "/api/allowlist/import", Effect.Write, Import, MaxBody: 1024 * 1024),
        new("GET", "/api/allowlist/export", Effect.None, Export),
        new("GET", "/api/allowlist/check", Effect.None, Check),
    ];

    private static Task List(WebCall call)
    {
        var entries = call.Parts.Store.GetAllowlist();
        return call.Answer(new Page<AllowlistView>([.. entries.Select(AllowlistView.Of)], entries.Count), WebCall.Json.PageAllowlistView);
    }

    private static async Task Add(WebCall call)
    {
        var body = await call.Body(WebCall.Json.AllowlistBody);
        var (by, origin) = call.Who(body.By);
        var (value, description, expiry) = Checked(call, body);
        var outcome = await call.Parts.Actions.AllowAsync(value, description, expiry, by, origin, call.Aborted);
        await call.Answer(Outcome.View(outcome), WebCall.Json.ActionView, outcome.Kind == OutcomeKind.Done ? 201 : 200);
    }

    private static async Task Change(WebCall call)
    {
        var id = call.RouteId();
        var body = await call.Body(WebCall.Json.AllowlistBody);
        var (by, origin) = call.Who(body.By);
        var (value, description, expiry) = Checked(call, body);
        await call.Answer(Outcome.View(await call.Parts.Actions.ChangeAllowedAsync(id, value, description, expiry, by, origin, call.Aborted)), WebCall.Json.ActionView);
    }

    private static async Task Remove(WebCall call)
    {
        var id = call.RouteId();
        var (by, origin) = call.Who(call.Query("by"));
        await call.Answer(Outcome.View(await call.Parts.Actions.DisallowAsync(id, by, origin, call.Aborted)), WebCall.Json.ActionView);
    }

    private static async Task Import(WebCall call)
    {
        var (by, origin) = call.Who(call.Query("by"));
        var result = await call.Parts.Actions.ImportAllowedAsync(await call.BodyText(), by, origin, call.Aborted);
        var problems = result.Problems.Take(50).Select(static p => new ImportProblemView(p.Line, p.Message));
        await call.Answer(new ImportView(result.Added, result.Changed, result.AlreadyThere, result.Problems.Count, [.. problems]), WebCall.Json.ImportView);
    }

    private static Task Export(WebCall call) =>
        call.AnswerText(AllowlistCsv.Write(call.Parts.Store.GetAllowlist()), "text/csv; charset=utf-8", "allowlist.csv");

    private static Task Check(WebCall call)
    {
        var text = call.Query("ip");
        if (!ClientAddress.TryParse(text, out var address))
        {
            throw ProblemException.BadField("ip", $"'{text}' is not an IP address.", "Give one address, as 203.0.113.7 or 2001:db8::1.");
        }

        var entry = call.Parts.Actions.FindAllowed(address);
        var blocks = call.Parts.Store.GetLiveBlocks().Where(b => b.Range.Contains(address)).Take(10);
        return call.Answer(new CheckView(address.ToString(), entry is not null, entry is null ? null : AllowlistView.Of(entry), [.. blocks.Select(BlockView.Of)]), WebCall.Json.CheckView);
    }

    private static (string Value, string Description, DateTimeOffset? ExpiresAt) Checked(WebCall call, AllowlistBody body)
    {
        if (!AllowlistValue.TryParse(body.IpOrCidr, force: false, out var value, out var error))
        {
            throw ProblemException.BadField("ip_or_cidr", error, "Give one, as 203.0.113.7, 203.0.113.0/24 or monitor.example.org.");
        }

        if (body.ExpiresAt is { } expiry && expiry <= call.Parts.Time.GetUtcNow())
        {
            throw ProblemException.BadField("expires_at", "It lies in the past: the entry would never act.", "Give a later time, or none for an entry that stays.");
        }

        return (value.Text, WebCall.Bounded("description", body.Description?.Trim() ?? "", AllowlistDesk.MaxDescription), body.ExpiresAt?.ToUniversalTime());
    }
}
