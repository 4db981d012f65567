using DevOpsAgent.Configuration;
using DevOpsAgent.Guards.Behaviour;
using Microsoft.Playwright;

namespace DevOpsAgent.EndToEnd.Web;

/// <summary>The Behaviour view in each look: empty, with callers of every kind, and with a hostile name.</summary>
[Collection(BrowserTests.Name)]
public sealed class BehaviourScreensTests(Chromium chromium)
{
    [Theory]
    [MemberData(nameof(ScreensTests.Looks), MemberType = typeof(ScreensTests))]
    public async Task Each_state(int width, ColorScheme scheme)
    {
        await using var rig = await WebRig.StartAsync();
        await using var page = await chromium.OpenAsync(rig, "/#/behaviour", width, width == 360 ? 740 : 800, scheme);
        await page.Page.Locator(".empty", new() { HasTextString = "Nothing is known yet" }).WaitForAsync();
        await Look("behaviour-empty");

        Feed(rig.Store.Behaviour, TimeProvider.System.GetUtcNow());
        await page.Page.ReloadAsync();
        var model = page.Page.Locator("[data-agent='model gpt-4o']");
        await model.WaitForAsync();
        (await model.Locator("figure").CountAsync()).ShouldBe(4);
        foreach (var metric in (string[])["call_rate", "unique_tools", "avg_parameter_entropy"])
        {
            // The burst; and where the minute turns meanwhile, the idle window that closes then.
            (await model.Locator($"[data-metric={metric}] .flag").CountAsync()).ShouldBeInRange(2, 3, metric);
        }

        (await model.Locator("[data-metric=deny_rate] figcaption").InnerTextAsync()).ShouldContain("▲ 2 not usual");
        (await model.Locator(".signals").InnerTextAsync()).ShouldContain("deny_rate is above its ceiling 0.8");
        (await page.Page.Locator("[data-agent^='mcp']").InnerTextAsync()).ShouldContain("mcp <img src=x onerror=window.hacked=1>U+202E");
        (await page.Page.EvaluateAsync<bool>("() => window.hacked === undefined")).ShouldBeTrue();
        await Look("behaviour");
        await page.Page.Locator("[data-agent^='mcp']").EvaluateAsync("e => e.scrollIntoView()");
        await Look("behaviour-hostile");
        await page.Press("4");
        await page.Page.Locator(".health .card").First.WaitForAsync();
        await page.Press("5");
        await model.WaitForAsync();
        page.Complaints.ShouldBeEmpty();

        async Task Look(string state)
        {
            (await page.Overflows()).ShouldBeFalse($"{state} at {width}");
            await page.Screenshot($"{state}-{width}-{(scheme == ColorScheme.Dark ? "dark" : "light")}");
        }
    }

    /// <summary>An hour of windows: a model that is steady and then calls and fails in bulk, a person with pauses, and a caller that names itself with markup.</summary>
    private static void Feed(IBehaviourStore store, DateTimeOffset now)
    {
        using var profiles = new BehaviourProfiles(new BehaviourConfig(), store, TimeProvider.System);
        for (var minute = 60; minute >= 1; minute--)
        {
            var at = now.AddMinutes(-minute);
            var burst = minute is 2 or 3;
            Call("model gpt-4o", burst ? 60 : 10 + minute * 7 % 5, burst ? 55 : minute % 9 == 0 ? 1 : 0, burst ? 7 : 3, burst ? 5.4 : 4.1 + minute % 4 * 0.05, at);
            Call("person ada", minute % 11 < 3 ? 1 : 0, 0, 1, 4.3, at);
        }

        Call("mcp <img src=x onerror=window.hacked=1>\u202e", 2, 0, 1, 4, now.AddMinutes(-1));
        Call("model gpt-4o", 4, 0, 1, 4.2, now);

        void Call(string agent, int calls, int denied, int tools, double entropy, DateTimeOffset at)
        {
            for (var i = 0; i < calls; i++)
            {
                profiles.Record(new BehaviourSample(agent, $"tool_{i % tools}", i < denied, entropy, at));
            }
        }
    }
}
