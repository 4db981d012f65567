using System.Net;
using System.Text;
using System.Text.Json;
using DevOpsAgent.EndToEnd.Web;
using DevOpsAgent.Incidents;
using Microsoft.Playwright;

namespace DevOpsAgent.EndToEnd;

/// <summary>From a line in a real log to a file on disk, by a person in a browser, through the agent's own process.</summary>
[Collection(BrowserTests.Name)]
public sealed class ApproveFlowTests(Chromium chromium)
{
    [Fact]
    public async Task An_attack_appears_live_is_approved_by_mouse_denied_on_disk_and_undone()
    {
        await using var rig = new AgentRig(mode: "review", web: true);
        var agent = await rig.StartAsync();
        await agent.WaitForAsync(" page ");
        await using var page = await chromium.OpenAsync(AgentRig.PageOf(agent));
        await page.Page.Locator(".chip-live", new() { HasTextString = "live" }).WaitForAsync();
        (await page.Rows.CountAsync()).ShouldBe(0);

        rig.Append(LogLine.Visits("198.51.100.4", 30, AgentRig.Now));
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        await page.Row("203.0.113.7").WaitForAsync();
        File.Exists(rig.DenyFile).ShouldBeFalse();
        await page.Row("203.0.113.7").Locator("a").First.ClickAsync();
        await page.Page.ClickAsync("[data-act=approve]");

        var outcome = page.Page.Locator(".outcome");
        await outcome.GetByText("Blocked, not confirmed").WaitForAsync();
        var said = await outcome.InnerTextAsync();
        said.ShouldContain(rig.DenyFile);
        said.ShouldContain("UTC");
        await rig.DeniedAsync("203.0.113.7");
        var block = rig.Store.GetLiveBlocks().Single();
        said.ShouldContain(block.ExpiresAt.UtcDateTime.ToString("HH:mm", System.Globalization.CultureInfo.InvariantCulture));
        rig.Denied.ShouldNotContain("198.51.100.4");

        await page.Page.ClickAsync(".toast button:has-text('Undo')");
        await Eventually.True(() => !File.Exists(rig.DenyFile), "undo removes the file");
        await rig.IncidentAsync("203.0.113.7", IncidentStatus.Recommended);
        await page.Page.Locator("[data-act=approve]").WaitForAsync();
        page.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Keys_alone_approve_what_a_running_agent_found()
    {
        await using var rig = new AgentRig(mode: "review", web: true);
        var agent = await rig.StartAsync();
        await agent.WaitForAsync(" page ");
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        await rig.IncidentAsync("203.0.113.7", IncidentStatus.Recommended);
        await using var page = await chromium.OpenAsync(AgentRig.PageOf(agent));
        await page.Row("203.0.113.7").WaitForAsync();
        await page.Press("j");
        await page.Page.Locator("[data-act=approve]").WaitForAsync();
        await page.Press("a");
        await rig.DeniedAsync("203.0.113.7");
        await page.Row("203.0.113.7").GetByText("blocked").First.WaitForAsync();
        page.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Another_site_and_a_rebound_name_can_do_nothing()
    {
        await using var rig = new AgentRig(mode: "review", web: true);
        var agent = await rig.StartAsync();
        await agent.WaitForAsync(" page ");
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        var incident = await rig.IncidentAsync("203.0.113.7", IncidentStatus.Recommended);
        var root = AgentRig.PageOf(agent);
        var approve = $"/api/incidents/{incident.Id}/approve";
        (await SendAsync(root, approve, ("X-Devops-Agent", "1"), ("Origin", "http://evil.example"))).ShouldBe(HttpStatusCode.Forbidden);
        (await SendAsync(root, approve, ("Origin", root.GetLeftPart(UriPartial.Authority)))).ShouldBe(HttpStatusCode.Forbidden, "no header of ours: a form could send it");
        (await SendAsync(root, approve, ("X-Devops-Agent", "1"), ("Sec-Fetch-Site", "cross-site"))).ShouldBe(HttpStatusCode.Forbidden);
        (await SendAsync(root, approve, ("X-Devops-Agent", "1"), ("Host", $"evil.example:{root.Port}"))).ShouldBe(HttpStatusCode.MisdirectedRequest);
        (await SendAsync(root, "/api/mode", ("X-Devops-Agent", "1"), ("Origin", "http://evil.example"))).ShouldBe(HttpStatusCode.Forbidden);
        rig.Store.GetIncident(incident.Id)!.Status.ShouldBe(IncidentStatus.Recommended);
        File.Exists(rig.DenyFile).ShouldBeFalse();

        (await SendAsync(root, approve, ("X-Devops-Agent", "1"), ("Origin", root.GetLeftPart(UriPartial.Authority)))).ShouldBe(HttpStatusCode.OK);
        await rig.DeniedAsync("203.0.113.7");
    }

    [Fact]
    public async Task The_API_and_the_terminal_tell_the_same()
    {
        await using var rig = new AgentRig(web: true);
        var agent = await rig.StartAsync();
        await agent.WaitForAsync(" page ");
        rig.Append(LogLine.Harvest("203.0.113.7", 12, AgentRig.Now));
        await rig.IncidentAsync("203.0.113.7", IncidentStatus.Blocked);
        var web = JsonDocument.Parse((await AgentRig.GetAsync(agent, "/api/incidents")).Body).RootElement.GetProperty("items")[0];
        var terminal = (await rig.JsonAsync("incidents", "list", "--all")).GetProperty("items")[0];
        JsonElement.DeepEquals(web, terminal).ShouldBeTrue($"{web}\n{terminal}");
        (await AgentRig.GetAsync(agent, "/metrics")).Body.ShouldContain("devops_agent");
    }

    private static async Task<HttpStatusCode> SendAsync(Uri root, string path, params (string Name, string Value)[] headers)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(path == "/api/mode" ? HttpMethod.Put : HttpMethod.Post, new Uri(root, path));
        request.Content = new StringContent(path == "/api/mode" ? """{"mode":"auto"}""" : "{}", Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
