using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using DevOpsAgent.App.Cli;
using DevOpsAgent.App.GuardControl;
using DevOpsAgent.Configuration;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Backends;
using DevOpsAgent.RuntimeGuard.Policy;
using DevOpsAgent.Tests.Configuration;
using DevOpsAgent.Tests.RuntimeGuard;

namespace DevOpsAgent.Tests.GuardControl;

public sealed class GuardServerTests : IAsyncDisposable
{
    private const string Token = "0123456789abcdef0123456789abcdef";

    private readonly TemporaryFolder _folder = new();
    private readonly GuardService _guard = new(PolicyText.App("blocked_files: [/etc/shadow]", "alert"), new FakeBackend(Enforcement.Observe), null, TimeProvider.System, TimeSpan.FromSeconds(1), static (_, _) => { });
    private readonly HttpClient _http = new();
    private GuardParts? _parts;

    public async ValueTask DisposeAsync()
    {
        if (_parts is not null)
        {
            await _parts.DisposeAsync();
        }

        await _guard.DisposeAsync();
        _http.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Http_answers_with_the_token_as_the_socket_does()
    {
        await using var server = await StartAsync();
        var health = JsonDocument.Parse(await ReadAsync(server, "/health")).RootElement;
        health.GetProperty("mode").GetString().ShouldBe("alert");
        health.GetProperty("alerts").GetProperty("receivers")[0].GetProperty("name").GetString().ShouldBe("syslog");
        JsonDocument.Parse(await ReadAsync(server, "/stats")).RootElement.GetProperty("total_events").GetInt64().ShouldBe(0);
        (await ReadAsync(server, "/mode")).ShouldBe("""{"mode":"alert"}""");

        using var set = Request(server, HttpMethod.Post, "/mode");
        set.Content = new StringContent("""{"mode": "enforce"}""", Encoding.UTF8, "application/json");
        using var answer = await _http.SendAsync(set, TestContext.Current.CancellationToken);
        (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe("""{"mode":"enforce"}""");
        _guard.Engine.Mode.ShouldBe(GuardMode.Enforce);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer ")]
    [InlineData("Bearer 0123456789abcdef0123456789abcdeF")]
    [InlineData("Bearer 0123456789abcdef0123456789abcdef ")]
    [InlineData("Basic 0123456789abcdef0123456789abcdef")]
    public async Task Without_the_token_nothing_is_told(string? authorization)
    {
        await using var server = await StartAsync();
        using var request = Request(server, HttpMethod.Get, "/health", token: false);
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization.EndsWith(' ') && authorization.Length > 8 ? authorization.TrimEnd() + "x" : authorization);
        }

        using var answer = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        answer.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer");
    }

    [Theory]
    [InlineData("Host", "evil.example", 421)]
    [InlineData("Host", "127.0.0.1:1", 421)]
    [InlineData("Host", "localhost", 421)]
    [InlineData("Origin", "http://127.0.0.1", 403)]
    [InlineData("Sec-Fetch-Site", "same-origin", 403)]
    public async Task A_rebound_name_and_a_browser_are_refused_even_with_the_token(string header, string value, int status)
    {
        await using var server = await StartAsync();
        using var request = Request(server, HttpMethod.Get, "/health");
        if (header == "Host")
        {
            request.Headers.Host = value;
        }
        else
        {
            request.Headers.Add(header, value);
        }

        using var answer = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        ((int)answer.StatusCode).ShouldBe(status);
        answer.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
    }

    [Theory]
    [InlineData("0.0.0.0:0", Token, "must be a loopback address")]
    [InlineData("127.0.0.1:0", "short", "at least 16 characters")]
    [InlineData("127.0.0.1:0", null, "needs runtime_guard.token")]
    public async Task Http_is_loopback_only_and_never_without_a_token(string listen, string? token, string expected)
    {
        var error = await Should.ThrowAsync<CommandException>(() => StartAsync(listen, token));
        error.Message.ShouldContain(expected);
        error.ExitCode.ShouldBe(ExitCode.Usage);
    }

    [Fact]
    public async Task Alerts_are_read_by_number_and_waited_for()
    {
        await using var server = await StartAsync();
        var journal = _parts!.Alerts.Journal;
        var waiting = ReadAsync(server, $"/alerts?journal={journal.Id}&after=0&wait=20");
        journal.Append([RuntimeGuard.Alerts.Violations.Alert("a"), RuntimeGuard.Alerts.Violations.Alert("b")]);
        JsonDocument.Parse(await waiting).RootElement.GetProperty("next").GetInt64().ShouldBeGreaterThan(0);
        var page = JsonDocument.Parse(await ReadAsync(server, $"/alerts?journal={journal.Id}&after=1")).RootElement;
        page.GetProperty("alerts").GetArrayLength().ShouldBe(1);
        page.GetProperty("alerts")[0].GetProperty("violation").GetProperty("detail").GetString().ShouldBe("b");
        JsonDocument.Parse(await ReadAsync(server, "/alerts?journal=another&after=77")).RootElement.GetProperty("alerts").GetArrayLength().ShouldBe(2);
        using var bad = Request(server, HttpMethod.Get, "/alerts?after=x");
        using var answer = await _http.SendAsync(bad, TestContext.Current.CancellationToken);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_second_guard_is_refused_and_says_who_holds_the_directory()
    {
        await using var first = await StartAsync();
        var error = Should.Throw<CommandException>(() => Open(Config(null, null)));
        error.Message.ShouldBe(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"Another devops-agent (pid {Environment.ProcessId}) uses this guard directory; stop it or set runtime_guard.directory."));
        error.ExitCode.ShouldBe(ExitCode.Dependency);
    }

    [Fact]
    public void A_directory_that_can_not_be_used_is_named()
    {
        var file = _folder.Write("file", "");
        Should.Throw<CommandException>(() => Open(Config(null, null) with { RuntimeGuard = new() { Directory = Path.Combine(file, "guard") } })).Message.ShouldContain("can't be used");
    }

    [Fact]
    public async Task A_change_of_mode_leaves_a_receipt()
    {
        await using var server = await StartAsync();
        (await _parts!.SetModeAsync(new(GuardMode.Enforce, "app", "uid 0"), DevOpsAgent.Guards.Caller.Person("uid 0", "guard socket"), TestContext.Current.CancellationToken)).ShouldBeNull();
        (await _parts.SetModeAsync(new(GuardMode.Audit, "nobody", "uid 0"), DevOpsAgent.Guards.Caller.Person("uid 0", "guard socket"), TestContext.Current.CancellationToken)).ShouldBe("the policy has no process 'nobody'");
        _guard.Engine.Policy.ByName["app"].Mode.ShouldBe(GuardMode.Enforce);
        using var store = new DevOpsAgent.Store.SqliteStore(Path.Combine(_parts.Directory, "receipts.db"));
        store.Receipts.List(new() { Tool = "set_guard_mode" }, out var total).Count.ShouldBe(2);
        total.ShouldBe(2);
    }

    private AgentConfig Config(string? listen, string? token) => new()
    {
        RuntimeGuard = new() { Listen = listen, Token = token is null ? null : new(token), Directory = Path.Combine(_folder.Path, "guard"), Socket = Path.Combine(_folder.Path, "none.sock") },
    };

    private GuardParts Open(AgentConfig config) => GuardParts.Open(config, _guard, TimeProvider.System, static (_, _) => { });

    private async Task<GuardServer> StartAsync(string listen = "127.0.0.1:0", string? token = Token)
    {
        var config = Config(listen, token);
        _parts = Open(config);
        return await GuardServer.StartAsync(config.RuntimeGuard, useSocket: false, _parts, [], TestContext.Current.CancellationToken);
    }

    private static HttpRequestMessage Request(GuardServer server, HttpMethod method, string path, bool token = true)
    {
        var request = new HttpRequestMessage(method, new Uri(server.Address!, path));
        request.Headers.Authorization = token ? new AuthenticationHeaderValue("Bearer", Token) : null;
        return request;
    }

    private async Task<string> ReadAsync(GuardServer server, string path)
    {
        using var request = Request(server, HttpMethod.Get, path);
        using var answer = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }
}
