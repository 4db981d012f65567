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
        var outcome = await call.Parts.Actions.AllowAsync(Entry(call, body), by, origin, call.Aborted);
        await call.Answer(Outcome.View(outcome), WebCall.Json.ActionView, outcome.Kind == OutcomeKind.Done ? 201 : 200);
    }

    private static async Task Change(WebCall call)
    {
        var id = call.RouteId();
        var body = await call.Body(WebCall.Json.AllowlistBody);
        var (by, origin) = call.Who(body.By);
        var stored = call.Parts.Store.GetAllowlist().FirstOrDefault(e => e.Id == id)
            ?? throw ProblemException.NotFound($"There is no allowlist entry {id}.", "GET /api/allowlist lists those that exist.");
        var changed = Entry(call, body) with { Id = id, CreatedAt = stored.CreatedAt };
        await call.Answer(Outcome.View(await call.Parts.Actions.AllowAsync(changed, by, origin, call.Aborted)), WebCall.Json.ActionView);
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
        var known = call.Parts.Store.GetAllowlist().Select(static e => e.Value).ToHashSet(StringComparer.Ordinal);
        int added = 0, unchanged = 0;
        var problems = new List<ImportProblemView>();
        foreach (var row in AllowlistCsv.Read(await call.BodyText(), call.Parts.Time.GetUtcNow()))
        {
            if (row.Entry is null)
            {
                problems.Add(new(row.Line, row.Problem!));
            }
            else if (!known.Add(row.Entry.Value))
            {
                unchanged++;
            }
            else if (await call.Parts.Actions.AllowAsync(row.Entry, by, origin, call.Aborted) is { Succeeded: false } refused)
            {
                problems.Add(new(row.Line, refused.Message));
            }
            else
            {
                added++;
            }
        }

        await call.Answer(new ImportView(added, unchanged, problems.Count, [.. problems.Take(50)]), WebCall.Json.ImportView);
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

    private static AllowlistEntry Entry(WebCall call, AllowlistBody body)
    {
        var now = call.Parts.Time.GetUtcNow();
        if (!AllowlistValue.TryCanonical(body.IpOrCidr, out var value))
        {
            throw ProblemException.BadField("ip_or_cidr", $"'{BlocksApi.Short(body.IpOrCidr)}' is not an address, a CIDR range or a DNS name.", "Give one, as 203.0.113.7, 203.0.113.0/24 or monitor.example.org.");
        }

        if (body.ExpiresAt is { } expiry && expiry <= now)
        {
            throw ProblemException.BadField("expires_at", "It lies in the past: the entry would never act.", "Give a later time, or none for an entry that stays.");
        }

        return new() { Value = value, Description = WebCall.Bounded("description", body.Description?.Trim() ?? "", 500), CreatedAt = now, ExpiresAt = body.ExpiresAt?.ToUniversalTime() };
    }
}
