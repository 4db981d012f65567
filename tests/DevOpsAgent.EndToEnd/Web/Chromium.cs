using Microsoft.Playwright;

namespace DevOpsAgent.EndToEnd.Web;

/// <summary>One browser for all tests; each test has a context of its own.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string[] s_paths = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        var path = s_paths.FirstOrDefault(File.Exists) ?? throw new InvalidOperationException("Chromium is not installed: apt-get install chromium.");
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = path,
            Headless = true,
            Args = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    internal Task<WebPage> OpenAsync(WebRig rig, string path = "/", int width = 1280, int height = 800, ColorScheme scheme = ColorScheme.Light) =>
        OpenAsync(new Uri(rig.Address, path), width, height, scheme);

    internal async Task<WebPage> OpenAsync(Uri address, int width = 1280, int height = 800, ColorScheme scheme = ColorScheme.Light)
    {
        var context = await _browser!.NewContextAsync(new() { ViewportSize = new() { Width = width, Height = height }, ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
        context.SetDefaultTimeout(8000);
        var page = new WebPage(context, await context.NewPageAsync());
        await page.Page.GotoAsync(address.ToString());
        return page;
    }
}

[CollectionDefinition(Name)]
public sealed class BrowserTests : ICollectionFixture<Chromium>
{
    public const string Name = "browser";
}
