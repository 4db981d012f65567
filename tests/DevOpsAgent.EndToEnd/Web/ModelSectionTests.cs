using System.Net.Http.Json;
using System.Text.Json;
using DevOpsAgent.Agent;
using Microsoft.Playwright;

namespace DevOpsAgent.EndToEnd.Web;

/// <summary>What the language model made of an incident: in the API, and in the page beside the rule's evidence, labelled, as text.</summary>
[Collection(BrowserTests.Name)]
public sealed class ModelSectionTests(Chromium chromium)
{
    private const string Script = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">";

    public static TheoryData<int, ColorScheme> Looks => ScreensTests.Looks;

    [Fact]
    public async Task The_api_gives_it_as_the_document_says()
    {
        await using var rig = await WebRig.StartAsync();
        var incident = rig.SeedNight()[4];
        rig.Store.Investigations.Save(Sample(incident.Id));
        using var http = new HttpClient { BaseAddress = rig.Address };
        var detail = await http.GetFromJsonAsync<JsonElement>($"/api/incidents/{incident.Id}", TestContext.Current.CancellationToken);
        var document = await http.GetFromJsonAsync<JsonElement>("/openapi.json", TestContext.Current.CancellationToken);
        var schema = document.GetProperty("components").GetProperty("schemas").GetProperty("Investigation").GetProperty("properties");
        var run = detail.GetProperty("investigations")[0];
        Keys(run).ShouldBe(Keys(schema));
        Keys(run.GetProperty("steps")[0]).ShouldBe(Keys(schema.GetProperty("steps").GetProperty("items").GetProperty("properties")));
        schema.GetProperty("end").GetProperty("enum").EnumerateArray().Select(static e => e.GetString()).ShouldBe(Enum.GetValues<RunEnd>().Select(RunEndNames.Of), ignoreOrder: true);

        static string[] Keys(JsonElement element) => [.. element.EnumerateObject().Select(static p => p.Name).Order(StringComparer.Ordinal)];
    }

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task The_page_shows_it_as_an_opinion_and_as_text(int width, ColorScheme scheme)
    {
        await using var rig = await WebRig.StartAsync();
        var incident = rig.SeedNight()[4];
        rig.Store.Investigations.Save(Sample(incident.Id));
        await using var page = await chromium.OpenAsync(rig, $"/#/incidents/{incident.Id}", width, width == 360 ? 740 : 800, scheme);
        var section = page.Page.Locator("section.model");
        await section.WaitForAsync();
        (await section.InnerTextAsync()).ShouldContain("An opinion.");
        await section.Locator("blockquote", new() { HasTextString = "document.title='taken'" }).WaitForAsync();
        await section.Locator(".note-warn", new() { HasTextString = "The model and the rules disagree." }).WaitForAsync();
        await section.Locator(".model-steps > summary").ClickAsync();
        await section.Locator(".model-steps[open] .model-query", new() { HasTextString = "source.ip" }).First.WaitForAsync();
        (await page.Page.TitleAsync()).ShouldNotBe("taken");
        await section.EvaluateAsync("e => e.scrollIntoView()");
        (await page.Overflows()).ShouldBeFalse();
        await page.Screenshot($"model-{width}-{(scheme == ColorScheme.Dark ? "dark" : "light")}");
        page.Complaints.ShouldBeEmpty();
    }

    private static Investigation Sample(long incident) => new()
    {
        Run = Guid.NewGuid().ToString("N")[..16],
        IncidentId = incident,
        Model = "llama3",
        StartedAt = TimeProvider.System.GetUtcNow(),
        EndedAt = TimeProvider.System.GetUtcNow(),
        End = RunEnd.Answered,
        Conclusion = new()
        {
            Verdict = ModelVerdict.FalsePositive,
            Confidence = 80,
            Summary = Script + " A monitor of the owner.",
            Evidence = [new("q1", true, "query of this run, 60 events"), new("q9", false, "there is no such evidence of this client")],
            Action = new("block", ["203.0.113.7/32"], 3600),
            Corrections = ["198.51.100.20/32 was left out: the rules recommend nothing against it."],
        },
        Disagreement = "The rules found secrets-scan (block); the model takes it for a false positive (80 %). The rules' result stands.",
        Steps =
        [
            new() { Kind = StepKind.Called, Phase = 1, ByCode = true, Tool = "query_logs", Cite = "q1", Decision = "allow", Intent = 3, Parameters = """{"query":"{\"query\":{\"term\":{\"source.ip\":\"203.0.113.7\"}}}"}""", Text = "60 events. " + Script },
            new() { Kind = StepKind.Said, Phase = 3, Text = Script },
            new() { Kind = StepKind.Note, Phase = 4, ByCode = true, Text = "At most 60 requests in 1m." },
        ],
        Guardrails = ["input injection: 2, sanitized"],
        Turns = 3,
        TokensIn = 4_000,
        TokensOut = 120,
        Rows = 20,
    };
}
