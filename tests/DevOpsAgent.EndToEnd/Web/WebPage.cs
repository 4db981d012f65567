using Microsoft.Playwright;

namespace DevOpsAgent.EndToEnd.Web;

/// <summary>A page, and all that its console said: errors and violations of the content security policy stand there.</summary>
internal sealed class WebPage : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly List<string> _complaints = [];

    public WebPage(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        var output = TestContext.Current.TestOutputHelper;
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                Add($"{message.Text} ({message.Location})");
            }
        };
        page.PageError += (_, error) => Add("uncaught: " + error);

        void Add(string complaint)
        {
            lock (_complaints)
            {
                _complaints.Add(complaint);
            }

            output?.WriteLine(complaint);
        }
    }

    public IPage Page { get; }

    public ILocator Rows => Page.Locator(".rows .row:not(.skeleton)");
    public ILocator Detail => Page.Locator(".detail");

    public IReadOnlyList<string> Complaints
    {
        get
        {
            lock (_complaints)
            {
                return [.. _complaints];
            }
        }
    }

    public ILocator Row(string text) => Rows.Filter(new() { HasText = text });

    public Task Press(string key) => Page.Keyboard.PressAsync(key);

    /// <summary>Waits until the page's own state fits; no fixed pause.</summary>
    public Task Until(string script, object? argument = null) => Page.WaitForFunctionAsync(script, argument);

    /// <summary>Into artifacts/screens at the repository's root, for people to look at.</summary>
    public async Task Screenshot(string name)
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "DevOpsAgent.slnx")))
        {
            root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException("The repository's root is not above the tests.");
        }

        await Page.ScreenshotAsync(new() { Path = Path.Combine(root, "artifacts", "screens", name + ".png") });
    }

    /// <summary>True where something is wider than the screen, so that a phone would scroll sideways.</summary>
    public Task<bool> Overflows() => Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth > innerWidth + 1");

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
}
