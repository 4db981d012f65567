using DevOpsAgent.Logs.Sources;
using DevOpsAgent.Service;
using Microsoft.Playwright;

namespace DevOpsAgent.EndToEnd.Web;

/// <summary>Every designed state, light and dark, on a phone and a desk: nothing overflows, nothing complains; the pictures are for people.</summary>
[Collection(BrowserTests.Name)]
public sealed class ScreensTests(Chromium chromium)
{
    public static TheoryData<int, ColorScheme> Looks => new() { { 360, ColorScheme.Light }, { 360, ColorScheme.Dark }, { 1280, ColorScheme.Light }, { 1280, ColorScheme.Dark } };

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task Each_state(int width, ColorScheme scheme)
    {
        await using var rig = await WebRig.StartAsync();
        await using var page = await chromium.OpenAsync(rig, "/", width, width == 360 ? 740 : 800, scheme);
        await page.Page.Locator(".empty", new() { HasTextString = "Nothing waits for you" }).WaitForAsync();
        await Look(page, "empty");

        var incidents = rig.SeedNight();
        await page.Page.ReloadAsync();
        await page.Row("192.0.2.81").WaitForAsync();
        await Look(page, "list");

        await Open(page, rig, $"#/incidents/{incidents[0].Id}", "Asked for 61 secret files");
        await Look(page, "detail");
        await page.Page.Locator(".change summary").ClickAsync();
        await page.Page.Locator(".change").ScrollIntoViewIfNeededAsync();
        await Look(page, "change");
        await page.Page.Locator(".evidence").EvaluateAsync("e => e.scrollIntoView()");
        await Look(page, "evidence");
        await Open(page, rig, $"#/incidents/{incidents[6].Id}", "<script>");
        await page.Page.Locator(".evidence").EvaluateAsync("e => e.scrollIntoView()");
        await Look(page, "hostile");

        await Open(page, rig, $"#/incidents/{incidents[4].Id}", "path traversals");
        await page.Press("a");
        await page.Page.Locator(".toast", new() { HasTextString = "Approved" }).WaitForAsync();
        await rig.ApplyApprovalsAsync();
        await page.Page.Locator(".outcome", new() { HasTextString = "Blocked, not confirmed" }).WaitForAsync();
        await Look(page, "approved");
        await Open(page, rig, "#/blocks", "192.0.2.81/32");
        await Look(page, "blocks");
        await page.Page.ClickAsync("[data-act=add-block]");
        await Look(page, "dialog");
        await page.Press("Escape");

        await Open(page, rig, "#/allowlist", "The allowlist is empty");
        await page.Page.ClickAsync("[data-act=add-allowed]");
        await page.Page.FillAsync("dialog [name=ip_or_cidr]", "203.0.113.240/28");
        await page.Page.FillAsync("dialog [name=description]", "uptime monitors of the web team");
        await page.Page.ClickAsync("dialog button[type=submit]");
        await page.Page.Locator("tbody th", new() { HasTextString = "203.0.113.240/28" }).WaitForAsync();
        await page.Page.Locator("dialog").WaitForAsync(new() { State = WaitForSelectorState.Detached });
        await Look(page, "allowlist");
        await Open(page, rig, "#/health", "access.log");
        await Look(page, "health");
        await page.Press("?");
        await page.Page.Locator("dialog.help").WaitForAsync();
        await Look(page, "help");
        await page.Press("Escape");

        rig.Agent.Current = rig.Agent.Current with
        {
            Sources = [.. rig.Agent.Current.Sources.Select(static (s, i) => i == 0 ? s with { State = SourceState.Error, Advice = "Permission denied: let the agent's user read it." } : s)],
            Store = new(false, "The disk is full: make space; the agent keeps watching."),
            CapReached = "50 new blocks in 10 min: the cap for mode auto is reached, 12 incidents wait for you.",
        };
        await page.Page.Locator(".banner-bad").First.WaitForAsync();
        await Look(page, "trouble");
        page.Complaints.ShouldBeEmpty();

        await Open(page, rig, "#/incidents", "203.0.113.7");
        await rig.StopListeningAsync();
        await page.Page.Locator(".banner", new() { HasTextString = "No connection" }).WaitForAsync();
        await Look(page, "disconnected");

        async Task Look(WebPage shown, string state)
        {
            (await shown.Overflows()).ShouldBeFalse($"{state} at {width}");
            await shown.Screenshot($"{state}-{width}-{(scheme == ColorScheme.Dark ? "dark" : "light")}");
        }
    }

    [Fact]
    public async Task Loading_and_an_error_are_designed_states()
    {
        await using var rig = await WebRig.StartAsync();
        await using var page = await chromium.OpenAsync(rig, "/healthz");
        var held = new TaskCompletionSource();
        await page.Page.RouteAsync("**/api/incidents?*", async route => { await held.Task; await route.FulfillAsync(new() { Status = 503, ContentType = "application/problem+json", Body = """{"title":"The store can't do it now","detail":"The database is locked.","what_to_do":"Try again.","status":503}""" }); });
        await page.Page.GotoAsync(rig.Address.ToString());
        await page.Page.Locator(".skeleton").First.WaitForAsync();
        await page.Screenshot("loading-1280-light");
        held.SetResult();
        await page.Page.Locator(".list [role=alert]", new() { HasTextString = "The database is locked. Try again." }).WaitForAsync();
        await page.Screenshot("error-1280-light");
        await page.Page.UnrouteAllAsync();
        rig.SeedNight();
        await page.Page.ClickAsync(".list [role=alert] button");
        await page.Row("192.0.2.81").WaitForAsync();
    }

    private static async Task Open(WebPage page, WebRig rig, string hash, string shows)
    {
        await page.Page.GotoAsync(new Uri(rig.Address, "/" + hash).ToString());
        await page.Page.Locator($"{(hash.StartsWith("#/incidents/", StringComparison.Ordinal) ? ".lead" : "main")} >> text={shows} >> visible=true").First.WaitForAsync();
    }
}
