using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using Microsoft.Playwright;

namespace DevOpsAgent.EndToEnd.Web;

/// <summary>What a person does in the page, by mouse and by keys, through the real server, store and file.</summary>
[Collection(BrowserTests.Name)]
public sealed class PageTests(Chromium chromium)
{
    [Fact]
    public async Task Approve_by_mouse_ends_with_the_file_on_disk_and_undo_opens_the_client_again()
    {
        await using var rig = await WebRig.StartAsync();
        rig.SeedNight();
        await using var page = await chromium.OpenAsync(rig);
        await page.Row("203.0.113.7").Locator("a").ClickAsync();
        await page.Detail.GetByText("Deny 203.0.113.7/32 for 4 h").WaitForAsync();
        await page.Page.ClickAsync("[data-act=approve]");
        await Toast(page, "Approved 203.0.113.7");
        await rig.ApplyApprovalsAsync();
        File.ReadAllText(rig.DenyFile).ShouldContain("203.0.113.7");
        var outcome = page.Page.Locator(".outcome");
        await outcome.GetByText("Blocked, not confirmed").WaitForAsync();
        var said = await outcome.InnerTextAsync();
        said.ShouldContain(rig.DenyFile);
        said.ShouldContain("UTC");
        said.ShouldContain("devops-agent blocks remove 1");
        await page.Row("203.0.113.7").GetByText("blocked").WaitForAsync();
        await page.Page.ClickAsync(".toast button:has-text('Undo')");
        await Toast(page, "in review");
        rig.Store.GetLiveBlocks().ShouldBeEmpty();
        await page.Page.Locator("[data-act=approve]").WaitForAsync();
        page.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Keys_alone_move_reject_undo_approve_select_and_search()
    {
        await using var rig = await WebRig.StartAsync();
        var night = rig.SeedNight();
        await using var page = await chromium.OpenAsync(rig);
        await page.Rows.First.WaitForAsync();
        await page.Press("j");
        await Lead(page, "path traversals");
        await page.Press("j");
        await Lead(page, "Asked for 61 secret files");
        await page.Press("k");
        await Lead(page, "path traversals");
        await page.Press("r");
        await Toast(page, "Rejected 192.0.2.81");
        rig.Store.GetIncident(night[4].Id)!.Status.ShouldBe(IncidentStatus.Rejected);
        await page.Press("u");
        await Toast(page, "in review");
        rig.Store.GetIncident(night[4].Id)!.Status.ShouldBe(IncidentStatus.Recommended);
        await page.Page.Locator("[data-act=approve]").WaitForAsync();
        await page.Press("a");
        await Toast(page, "Approved 192.0.2.81");
        rig.Store.GetIncident(night[4].Id)!.Status.ShouldBe(IncidentStatus.Approved);
        await page.Press("x");
        await page.Page.Locator(".bulk").WaitForAsync();
        await page.Press("Escape");
        await page.Page.Locator(".bulk").WaitForAsync(new() { State = WaitForSelectorState.Hidden });
        await page.Press("/");
        await page.Page.Keyboard.TypeAsync("wp-login a");
        await page.Page.Locator(".list .empty").GetByText("Nothing matches").WaitForAsync();
        rig.Store.ListIncidents(new() { Statuses = [IncidentStatus.Approved] }).Total.ShouldBe(1, "letters typed into the search are not commands");
        await page.Press("Escape");
        await page.Row("198.51.100.4").WaitForAsync();
        page.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_note_of_an_approval_is_shown_as_text()
    {
        await using var rig = await WebRig.StartAsync();
        var night = rig.SeedNight();
        await rig.ApproveAsync(night[0].Id, $"seen in three shops {Seed.Markup}");
        await using var page = await chromium.OpenAsync(rig, $"/#/incidents/{night[0].Id}");
        await page.Page.Locator(".history").GetByText("seen in three shops <script>").WaitForAsync();
        (await page.Page.EvaluateAsync<bool>("() => window.hacked === undefined")).ShouldBeTrue();
        page.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_grew_after_it_was_drawn_is_not_approved_and_is_drawn_again()
    {
        await using var rig = await WebRig.StartAsync();
        var night = rig.SeedNight();
        await using var page = await chromium.OpenAsync(rig, $"/#/incidents/{night[2].Id}");
        await page.Detail.GetByText("Deny 20 addresses").WaitForAsync();

        // The page must not hear of it before the click: its event stream ends with the server's.
        await page.Page.RouteAsync("**/api/incidents/*", static route => route.Request.Method == "GET" ? route.AbortAsync() : route.ContinueAsync());
        rig.Grow(night[2].Id, "198.51.100.99");
        await page.Page.ClickAsync("[data-act=approve]");
        await Toast(page, "1 address more: 198.51.100.99");
        rig.Store.GetIncident(night[2].Id)!.Status.ShouldBe(IncidentStatus.Recommended);
        await page.Page.UnrouteAllAsync();
        await page.Page.ReloadAsync();
        await page.Detail.GetByText("Deny 21 addresses").WaitForAsync();
        await page.Page.ClickAsync("[data-act=approve]");
        await Toast(page, "Approved");
        rig.Store.GetIncident(night[2].Id)!.Status.ShouldBe(IncidentStatus.Approved);
    }

    [Fact]
    public async Task Filters_search_and_the_count_of_what_is_hidden()
    {
        await using var rig = await WebRig.StartAsync();
        rig.SeedNight();
        await using var page = await chromium.OpenAsync(rig);
        await page.Page.GetByText("2 low hidden").WaitForAsync();
        (await page.Rows.CountAsync()).ShouldBe(6, "two threats of one client are one row");
        await page.Row("203.0.113.7").Locator(".expand").ClickAsync();
        await page.Row("directory scan").WaitForAsync();
        (await page.Rows.CountAsync()).ShouldBe(7);
        await page.Page.ClickAsync(".hidden-note button");
        await page.Row("203.0.113.90").WaitForAsync();
        await page.Page.SelectOptionAsync("select[aria-label=Threat]", "credential-stuffing");
        await page.Until("() => document.querySelectorAll('.rows .row').length === 1");
        await page.Page.SelectOptionAsync("select[aria-label=Threat]", "");
        await page.Page.FillAsync("input[type=search]", "198.51.100.25");
        await page.Row("campaign of 20").WaitForAsync();
        await page.Until("() => document.querySelectorAll('.rows .row').length === 1");
        await page.Page.FillAsync("input[type=search]", "");
        await page.Page.ClickAsync(".seg button:has-text('Blocked')");
        await page.Page.GetByText("Nothing is blocked.").WaitForAsync();
        page.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Many_at_once_after_seeing_their_union()
    {
        await using var rig = await WebRig.StartAsync();
        var night = rig.SeedNight();
        await using var page = await chromium.OpenAsync(rig);
        await page.Row("campaign of 20").Locator("input").CheckAsync();
        await page.Row("192.0.2.81").Locator("input").CheckAsync();
        await page.Page.ClickAsync("[data-act=bulk-approve]");
        var dialog = page.Page.Locator("dialog");
        await dialog.GetByText("21 new addresses and ranges").WaitForAsync();
        (await dialog.Locator(".union").InnerTextAsync()).ShouldContain("192.0.2.81/32");
        await page.Screenshot("bulk-1280-light");
        await dialog.Locator("button[type=submit]").ClickAsync();
        await Toast(page, "Approved 2.");
        rig.Store.GetIncident(night[2].Id)!.Status.ShouldBe(IncidentStatus.Approved);
        await page.Press("u");
        await Toast(page, "Taken back 2.");
        rig.Store.GetIncident(night[2].Id)!.Status.ShouldBe(IncidentStatus.Recommended);
        page.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Allowlist_from_the_incident_and_mode_with_a_confirmation()
    {
        await using var rig = await WebRig.StartAsync();
        var night = rig.SeedNight();
        await using var page = await chromium.OpenAsync(rig, $"/#/incidents/{night[0].Id}");
        await page.Page.ClickAsync("[data-act=allow]");
        await page.Page.FillAsync("dialog [name=ip_or_cidr]", "203.0.113.7/240");
        await page.Page.ClickAsync("dialog button[type=submit]");
        await page.Page.Locator("dialog .error").GetByText("is not a CIDR range").WaitForAsync();
        await page.Page.FillAsync("dialog [name=ip_or_cidr]", "203.0.113.7");
        await page.Page.FillAsync("dialog [name=description]", "the scanner of our auditor");
        await page.Page.ClickAsync("dialog button[type=submit]");
        await Toast(page, "on the allowlist");
        rig.Store.GetAllowlist().Single().Description.ShouldBe("the scanner of our auditor");
        await page.Detail.Locator(".meta .status-allowed").WaitForAsync();
        await page.Page.ClickAsync("button.mode");
        await page.Page.CheckAsync("dialog input[value=auto]");
        rig.Agent.Current.Mode.ShouldBe(Mode.Review);
        await page.Page.ClickAsync("dialog button[type=submit]");
        await page.Page.Locator("button.mode", new() { HasTextString = "mode: auto" }).WaitForAsync();
        rig.Agent.Current.Mode.ShouldBe(Mode.Auto);
        page.Complaints.Where(static c => !c.Contains("400 (Bad Request)")).ShouldBeEmpty("the mistyped address was answered 400, nothing else");
    }

    [Fact]
    public async Task What_changes_elsewhere_appears_without_moving_what_the_pointer_is_over()
    {
        await using var rig = await WebRig.StartAsync();
        rig.SeedNight();
        await using var page = await chromium.OpenAsync(rig);
        await page.Page.Locator(".chip-live", new() { HasTextString = "live" }).WaitForAsync();
        await page.Row("campaign of 20").HoverAsync();
        var before = await page.Row("campaign of 20").BoundingBoxAsync();
        await page.Rows.First.EvaluateAsync("r => { r.marked = true; }");
        Add(rig, "203.0.113.99", "new at the top");
        await page.Page.Locator(".fresh", new() { HasTextString = "1 new" }).WaitForAsync();
        (await page.Row("campaign of 20").BoundingBoxAsync())!.Y.ShouldBe(before!.Y);
        (await page.Row("203.0.113.99").CountAsync()).ShouldBe(0);
        await page.Page.ClickAsync(".fresh");
        await page.Row("203.0.113.99").WaitForAsync();
        (await page.Page.EvaluateAsync<bool>("() => [...document.querySelectorAll('.row')].some(r => r.marked)")).ShouldBeTrue("rows that stay are not made anew");
        await page.Page.HoverAsync("h3:has-text('Pick an incident')");
        await page.Page.EvaluateAsync("() => document.activeElement.blur()");
        Add(rig, "203.0.113.98", "nobody looks: shown at once");
        await page.Row("203.0.113.98").WaitForAsync();
        page.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task After_a_restart_of_the_server_the_page_reconnects_and_catches_up()
    {
        await using var rig = await WebRig.StartAsync();
        rig.SeedNight();
        await using var page = await chromium.OpenAsync(rig);
        await page.Page.Locator(".chip-live", new() { HasTextString = "live" }).WaitForAsync();
        await page.Row("192.0.2.81").WaitForAsync();
        await rig.StopListeningAsync();
        await page.Page.Locator(".banner").GetByText("No connection").WaitForAsync();
        Add(rig, "203.0.113.97", "came while nobody was connected");
        await rig.ListenAsync();
        await page.Row("203.0.113.97").WaitForAsync(new() { Timeout = 15000 });
        await page.Page.Locator(".banner").WaitForAsync(new() { State = WaitForSelectorState.Detached });
    }

    [Fact]
    public async Task Hostile_text_stays_text_everywhere()
    {
        await using var rig = await WebRig.StartAsync();
        var night = rig.SeedNight();
        await using var page = await chromium.OpenAsync(rig, $"/#/incidents/{night[6].Id}");
        await Lead(page, "<script>");
        await page.Page.ClickAsync(".samples summary");
        var text = await page.Detail.InnerTextAsync();
        text.ShouldContain(Seed.Markup);
        text.ShouldContain("U+202E");
        text.ShouldContain("U+001B");
        text.ShouldNotContain("\u202E");
        text.ShouldNotContain("\u001b");
        await page.Detail.Locator(".tops .more").First.ClickAsync();
        (await page.Detail.Locator(".tops").Nth(1).InnerTextAsync()).ShouldContain(new string('A', 2000));
        (await page.Overflows()).ShouldBeFalse();
        await page.Page.ClickAsync("[data-act=approve]");
        await Toast(page, "Approved");
        await rig.ApplyApprovalsAsync();
        await page.Page.GotoAsync(new Uri(rig.Address, "/#/blocks").ToString());
        await page.Page.Locator("tbody th", new() { HasTextString = "192.0.2.66/32" }).WaitForAsync();
        (await page.Page.EvaluateAsync<bool>("() => window.hacked === 1 || document.querySelector('main script, main img, main svg[onload]') !== null")).ShouldBeFalse();
        page.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Five_thousand_incidents_page_without_a_jump()
    {
        await using var rig = await WebRig.StartAsync();
        rig.SeedMany(5000);
        await using var page = await chromium.OpenAsync(rig);
        await page.Page.Locator(".range").GetByText("1–50 of 5,000").WaitForAsync();
        await page.Page.EvaluateAsync("() => { window.shift = 0; new PerformanceObserver(l => { for (const e of l.getEntries()) window.shift += e.value; }).observe({ type: 'layout-shift' }); }");
        var pager = await page.Page.Locator(".list .pager").BoundingBoxAsync();
        for (var i = 2; i <= 6; i++)
        {
            await page.Page.ClickAsync("[aria-label='Next page'] >> visible=true");
            await page.Page.Locator(".range").GetByText($"{i * 50 - 49}–{i * 50} of 5,000").WaitForAsync();
        }

        (await page.Page.EvaluateAsync<double>("() => window.shift")).ShouldBeLessThan(0.01);
        (await page.Page.Locator(".list .pager").BoundingBoxAsync())!.Y.ShouldBe(pager!.Y);
        (await page.Rows.CountAsync()).ShouldBe(50);
        await page.Screenshot("many-1280-light");
        page.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Another_sites_page_can_neither_read_nor_write()
    {
        await using var rig = await WebRig.StartAsync();
        var night = rig.SeedNight();
        await using var other = await WebRig.StartAsync();
        await using var page = await chromium.OpenAsync(other, "/healthz");
        var url = new Uri(rig.Address, $"/api/incidents/{night[0].Id}/approve").ToString();
        var answers = await page.Page.EvaluateAsync<string[]>("""
            async url => {
              const tried = [];
              for (const options of [{ method: 'POST' }, { method: 'POST', mode: 'no-cors' }, { method: 'POST', headers: { 'X-Devops-Agent': '1' } }, {}]) {
                try { const r = await fetch(url, options); tried.push(r.type === 'opaque' ? 'opaque' : String(r.status)); } catch { tried.push('refused'); }
              }
              return tried;
            }
            """, url);
        answers.ShouldAllBe(static a => a == "refused" || a == "opaque");
        rig.Store.GetIncident(night[0].Id)!.Status.ShouldBe(IncidentStatus.Recommended);
    }

    [Theory]
    [InlineData("/", "Incidents")]
    [InlineData("/#/blocks", "Blocks")]
    [InlineData("/#/allowlist", "Allowlist")]
    [InlineData("/#/health", "Health")]
    public async Task Every_control_has_a_name_and_every_table_its_headers(string path, string name)
    {
        await using var rig = await WebRig.StartAsync();
        var night = rig.SeedNight();
        await using var page = await chromium.OpenAsync(rig, path == "/" ? $"/#/incidents/{night[0].Id}" : path);
        await page.Page.Locator(path == "/" ? "[data-act=approve]" : "main h2").WaitForAsync();
        (await page.Page.Locator(".tabs [aria-current=page]").InnerTextAsync()).ShouldStartWith(name);
        var nameless = await page.Page.EvaluateAsync<string[]>("""
            () => [...document.querySelectorAll('button, a, input, select')].filter(e => e.checkVisibility() &&
              !(e.getAttribute('aria-label') || e.textContent.trim() || e.closest('label')?.textContent.trim())).map(e => e.outerHTML)
            """);
        nameless.ShouldBeEmpty();
        (await page.Page.EvaluateAsync<int>("() => document.querySelectorAll('th:not([scope])').length")).ShouldBe(0);
        (await page.Page.EvaluateAsync<int>("() => document.querySelectorAll('main, header, nav').length")).ShouldBeGreaterThanOrEqualTo(3);
        page.Complaints.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/#/blocks")]
    [InlineData("/#/health")]
    public async Task Text_stands_out_from_its_ground_by_the_AA_ratio_in_both_themes(string path)
    {
        await using var rig = await WebRig.StartAsync();
        var night = rig.SeedNight();
        await using var page = await chromium.OpenAsync(rig, path == "/" ? $"/#/incidents/{night[0].Id}" : path);
        await page.Page.Locator(path == "/" ? "[data-act=approve]" : "main h2").WaitForAsync();
        foreach (var theme in (string[])["light", "dark"])
        {
            (await page.Page.EvaluateAsync<string[]>(FaintText)).ShouldBeEmpty(theme);
            await page.Press("t");
        }

        await page.Page.EvaluateAsync("() => { const p = document.createElement('p'); p.className = 'planted'; p.textContent = 'faint'; p.style.color = '#999'; p.style.backgroundColor = '#aaa'; document.querySelector('main').append(p); }");
        (await page.Page.EvaluateAsync<string[]>(FaintText)).Single().ShouldContain("planted");
    }

    /// <summary>WCAG 2 contrast of every visible text against the nearest opaque ground above it.</summary>
    private const string FaintText = """
        () => {
          const rgb = c => (c.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
          const light = c => { const [r, g, b] = rgb(c).map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if ((rgb(c)[3] ?? 1) === 1) return c; } return 'rgb(255, 255, 255)'; };
          const faint = [];
          for (const e of document.querySelectorAll('body *')) {
            if (!e.checkVisibility() || e.disabled || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
            const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
            const ratio = (a + 0.05) / (b + 0.05);
            if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${e.className || e.tagName}: ${e.textContent.trim().slice(0, 40)}`);
          }
          return faint;
        }
        """;

    private static void Add(WebRig rig, string client, string summary)
    {
        var now = TimeProvider.System.GetUtcNow();
        Seed.Store(rig.Store, [Seed.Of(now, client, "secrets-scan", Severity.Critical, 0, 30, 9, summary, rig.Plan)], now);
    }

    private static Task Toast(WebPage page, string text) => page.Page.Locator(".toast", new() { HasTextString = text }).WaitForAsync();

    private static Task Lead(WebPage page, string text) => page.Page.Locator(".lead", new() { HasTextString = text }).WaitForAsync();
}
