using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Alerts;
using DevOpsAgent.Service;
using DevOpsAgent.Store;
using Microsoft.Playwright;

namespace DevOpsAgent.EndToEnd.Web;

/// <summary>Violations of the runtime guard in the list and beside it, in each look; with a hostile file name.</summary>
[Collection(BrowserTests.Name)]
public sealed class GuardScreensTests(Chromium chromium)
{
    [Theory]
    [MemberData(nameof(ScreensTests.Looks), MemberType = typeof(ScreensTests))]
    public async Task Each_state(int width, ColorScheme scheme)
    {
        await using var rig = await WebRig.StartAsync();
        rig.SeedNight();
        var ids = Feed(rig.Store);
        rig.Agent.Current = rig.Agent.Current with { Guard = new(true, TimeProvider.System.GetUtcNow(), 0, null) };
        await using var page = await chromium.OpenAsync(rig, "/", width, width == 360 ? 740 : 800, scheme);
        await page.Row("process traefik").First.WaitForAsync();
        await Look("guard-list");

        await Open(ids["process traefik", "file-violation"], "traefik broke its policy");
        var detail = page.Page.Locator(".detail");
        (await detail.Locator(".node-violator").InnerTextAsync()).ShouldContain("did it");
        (await detail.Locator(".violations li").CountAsync()).ShouldBe(3);
        (await detail.Locator(".violations li").Filter(new() { HasText = "/etc/shadow" }).InnerTextAsync()).ShouldContain("1,204");
        (await detail.Locator(".acts").InnerTextAsync()).ShouldContain("receipt 12 of the guard");
        (await detail.InnerTextAsync()).ShouldNotContain("User agents");
        (await detail.Locator("[data-act=approve], [data-act=allow]").CountAsync()).ShouldBe(0, "there is no client to block or to allow");
        await Look("guard-detail");
        await detail.Locator(".tree").EvaluateAsync("e => e.scrollIntoView()");
        await Look("guard-tree");

        await Open(ids["process soc-ingest", "network-violation"], "soc-ingest broke its policy");
        (await detail.InnerTextAsync()).ShouldContain("The process was gone before it could be looked at.");
        await Look("guard-blocked");

        await Open(ids["process app", "exec-violation"], "app broke its policy");
        (await page.Page.EvaluateAsync<bool>("() => window.hacked === undefined")).ShouldBeTrue();
        (await detail.InnerTextAsync()).ShouldContain("U+202E");
        await Look("guard-hostile");

        // Closed by key, and taken back.
        await page.Press("r");
        await page.Page.Locator(".toast", new() { HasTextString = "Closed: process app" }).WaitForAsync();
        await detail.Locator(".meta", new() { HasTextString = "closed" }).WaitForAsync();
        await page.Page.ClickAsync(".toast button:has-text('Undo')");
        await detail.Locator(".meta", new() { HasTextString = "to be looked at" }).WaitForAsync();

        await page.Page.GotoAsync(new Uri(rig.Address, "/#/health").ToString());
        var card = page.Page.Locator(".card", new() { HasTextString = "Runtime guard" });
        await card.WaitForAsync();
        await card.EvaluateAsync("e => e.scrollIntoView()");
        (await card.InnerTextAsync()).ShouldContain("answers");
        await Look("guard-health");
        page.Complaints.ShouldBeEmpty();

        async Task Look(string state)
        {
            (await page.Overflows()).ShouldBeFalse($"{state} at {width}");
            await page.Screenshot($"{state}-{width}-{(scheme == ColorScheme.Dark ? "dark" : "light")}");
        }

        async Task Open(long id, string lead)
        {
            await page.Page.GotoAsync(new Uri(rig.Address, $"/#/incidents/{id}").ToString());
            await page.Page.Locator(".lead", new() { HasTextString = lead }).WaitForAsync();
        }
    }

    /// <summary>Taken in as the agent takes it from the guard.</summary>
    private static Numbers Feed(IStore store)
    {
        var now = TimeProvider.System.GetUtcNow();
        ProcessNode[] tree =
        [
            new(1, 0, "/usr/lib/systemd/systemd", 0, ProcessRole.Ancestor), new(812, 1, "/usr/bin/traefik", 993, ProcessRole.Ancestor), new(20_411, 812, "/usr/bin/dash", 993, ProcessRole.Ancestor),
            new(20_412, 20_411, "/tmp/.x/xmrig-that-has-a-very-long-name-which-goes-on-and-on-and-on-to-the-edge", 993, ProcessRole.Violator), new(20_420, 20_412, "/usr/bin/curl", 993, ProcessRole.Child),
        ];
        var feed = new GuardFeed(store, static (_, _, _) => throw new IOException("not asked"), TimeProvider.System, static _ => { });
        Alert[] alerts =
        [
            Of("traefik", "file", "HIGH", "blocked file access: /etc/shadow (pattern: /etc/shadow)", "alerted", "/etc/shadow", 61, 1_204, tree, new AlertResponse("isolate_network", false, "Not isolated: the backend proc can't take the network from a running process.", 11), new AlertResponse("kill_process", true, "Process 20412 was killed.", 12)),
            Of("traefik", "file", "MEDIUM", "unauthorized file access: /tmp/.x/config.json", "alerted", null, 0, 2, []),
            Of("traefik", "file", "HIGH", "blocked file access: /root/.ssh/id_rsa (pattern: /root/*)", "killed", "/root/*", 62, 1, []),
            Of("traefik", "breaker", "CRITICAL", "circuit breaker opened: 5 violations within 60 s, the last: blocked file access: /etc/shadow (pattern: /etc/shadow)", "alerted", "circuit_breaker", 0, 1, tree),
            Of("soc-ingest", "network", "CRITICAL", "network access denied (no network allowed): 198.51.100.23:4444", "blocked", null, 0, 7, []),
            Of("app", "exec", "HIGH", "unauthorized exec: /tmp/<img src=x onerror=window.hacked=1>\u202Egnp.exe\u0000" + new string('é', 900), "alerted", null, 0, 1, [.. tree.Select(static n => n with { Exe = n.Exe + "\u202E<b>" })]) with { HeldBack = 9_970 },
        ];
        feed.Take(new("0123456789abcdef0123456789abcdef", alerts, alerts.Length, 0));
        return new(store.ListIncidents(new() { Limit = 500 }).Items.ToDictionary(static i => (i.Subject, i.Threat), static i => i.Id));

        Alert Of(string process, string type, string severity, string detail, string action, string? rule, int line, long count, IReadOnlyList<ProcessNode> nodes, params AlertResponse[] responses) => new()
        {
            First = now.AddSeconds(-95),
            Last = now.AddSeconds(-4),
            Count = count,
            Violation = new(now.AddSeconds(-4), process, 20_412, type, detail, severity, action, "enforce", "blocked", action == "blocked" ? "lsm" : "proc", action == "blocked" ? "cgroup/connect4, EPERM" : "open descriptor, seen after the fact", rule) { Line = line },
            Tree = nodes,
            Responses = responses,
        };
    }

    private sealed class Numbers(Dictionary<(string, string), long> ids)
    {
        public long this[string subject, string threat] => ids[(subject, threat)];
    }
}
