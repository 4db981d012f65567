using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DevOpsAgent.App.Web;
using Microsoft.Playwright;

namespace DevOpsAgent.EndToEnd.Web;

/// <summary>What was called stands in the API and under its incident in the page.</summary>
[Collection(BrowserTests.Name)]
public sealed class ReceiptsTests(Chromium chromium)
{
    public static TheoryData<int, ColorScheme> Looks => ScreensTests.Looks;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_decision_has_a_signed_receipt_in_the_api()
    {
        await using var rig = await WebRig.StartAsync();
        var incident = rig.SeedNight()[4];
        using var http = new HttpClient { BaseAddress = rig.Address };
        http.DefaultRequestHeaders.Add(RequestGuard.WriteHeader, "1");
        (await http.PostAsJsonAsync($"/api/incidents/{incident.Id}/reject", new { by = "ada", note = "ours" }, Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        rig.Parts.Journal.Flush();

        var page = await Get($"/api/incidents/{incident.Id}/receipts");
        page.GetProperty("total").GetInt32().ShouldBe(1);
        var receipt = page.GetProperty("items")[0];
        receipt.GetProperty("by").GetString().ShouldBe("ada");
        receipt.GetProperty("origin").GetString().ShouldStartWith("web ");
        receipt.GetProperty("decision").GetString().ShouldBe("allow");
        var document = await Get("/openapi.json");
        Keys(receipt).ShouldBe(Keys(document.GetProperty("components").GetProperty("schemas").GetProperty("Receipt").GetProperty("properties")));

        var id = receipt.GetProperty("id").GetString();
        var detail = await Get($"/api/receipts/{id}");
        detail.GetProperty("signature_state").GetString().ShouldBe("valid");
        detail.GetProperty("id_matches").GetBoolean().ShouldBeTrue();
        Keys(detail).ShouldBe(Keys(document.GetProperty("components").GetProperty("schemas").GetProperty("ReceiptDetail").GetProperty("properties")));
        (await Get($"/api/receipts/{receipt.GetProperty("seq").GetInt64()}")).GetRawText().ShouldBe(detail.GetRawText());

        (await Get("/api/receipts?decision=deny")).GetProperty("total").GetInt32().ShouldBe(0);
        (await Get("/api/receipts?agent=person%20ada&since=2020-01-01T00:00:00Z&tool=decide_incident")).GetProperty("total").GetInt32().ShouldBe(1);
        foreach (var (path, status) in ((string, HttpStatusCode)[])[("decision=perhaps", HttpStatusCode.BadRequest), ("since=then", HttpStatusCode.BadRequest), ("limit=0", HttpStatusCode.BadRequest), ("incident=x", HttpStatusCode.BadRequest)])
        {
            (await http.GetAsync("/api/receipts?" + path, Token)).StatusCode.ShouldBe(status, path);
        }

        (await http.GetAsync("/api/receipts/4711", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await http.GetAsync("/api/receipts/" + new string('z', 64), Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await http.GetAsync("/api/receipts/..%2f", Token)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);

        async Task<JsonElement> Get(string path) => await http.GetFromJsonAsync<JsonElement>(path, Token);
        static string[] Keys(JsonElement element) => [.. element.EnumerateObject().Select(static p => p.Name).Order(StringComparer.Ordinal)];
    }

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task The_page_shows_them_under_the_incident(int width, ColorScheme scheme)
    {
        await using var rig = await WebRig.StartAsync();
        var incident = rig.SeedNight()[4];
        await using var page = await chromium.OpenAsync(rig, $"/#/incidents/{incident.Id}", width, width == 360 ? 740 : 800, scheme);
        await page.Page.Locator(".lead").WaitForAsync();
        await page.Press("a");
        await page.Page.Locator(".toast", new() { HasTextString = "Approved" }).WaitForAsync();
        await rig.ApplyApprovalsAsync();
        await page.Page.Locator(".receipt", new() { HasTextString = "block_client" }).First.WaitForAsync();
        await page.Page.Locator(".receipt", new() { HasTextString = "decide_incident" }).First.WaitForAsync();
        await page.Page.Locator(".receipt summary").First.ClickAsync();
        await page.Page.Locator(".receipt[open]", new() { HasTextString = "Parameters" }).WaitForAsync();
        await page.Page.Locator(".receipts").EvaluateAsync("e => e.scrollIntoView()");
        (await page.Overflows()).ShouldBeFalse();
        await page.Screenshot($"receipts-{width}-{(scheme == ColorScheme.Dark ? "dark" : "light")}");
        page.Complaints.ShouldBeEmpty();
    }
}
