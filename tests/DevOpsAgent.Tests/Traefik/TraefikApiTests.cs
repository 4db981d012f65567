using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Traefik;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DevOpsAgent.Tests.Traefik;

/// <summary>The server here is a double that speaks the JSON of Traefik's API over real HTTP; no Traefik runs in these tests.</summary>
public sealed class TraefikApiTests : IAsyncLifetime
{
    private const string Rule = "ClientIP(`203.0.113.7`)";
    private static readonly ExpectedRouter[] Routers = [new("devops-agent-deny", Rule), new("devops-agent-deny-tls", Rule)];
    private readonly ConcurrentDictionary<string, Func<int, (int Status, string Body)>> _answers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _calls = new(StringComparer.Ordinal);
    private readonly TempFolder _folder = new();
    private WebApplication _server = null!;
    private Uri _uri = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static k => k.Listen(IPAddress.Loopback, 0));
        _server = builder.Build();
        _server.Run(async context =>
        {
            var name = context.Request.Path.Value!.Replace("/api/http/routers/", "", StringComparison.Ordinal);
            var call = _calls.AddOrUpdate(name, 1, static (_, n) => n + 1);
            var (status, body) = _answers.TryGetValue(name, out var answer) ? answer(call) : (404, "{\"message\":\"router not found\"}");
            context.Response.StatusCode = status;
            if (status == 302)
            {
                context.Response.Headers.Location = "/api/http/routers/elsewhere@file";
            }

            await context.Response.WriteAsync(body);
        });
        await _server.StartAsync();
        _uri = new(_server.Urls.First());
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Both_twins_enabled_is_a_confirmation()
    {
        Answer("devops-agent-deny@file", "enabled");
        Answer("devops-agent-deny-tls@file", "enabled");
        (await ConfirmAsync()).ShouldBe(new ApiAnswer(ApiState.Enabled, ""));
    }

    [Fact]
    public async Task An_earlier_rule_is_not_taken_for_ours_and_it_is_asked_again()
    {
        _answers["devops-agent-deny@file"] = call => (200, Json("enabled", call < 4 ? "ClientIP(`203.0.113.1`)" : Rule));
        Answer("devops-agent-deny-tls@file", "enabled");
        (await ConfirmAsync()).State.ShouldBe(ApiState.Enabled);
        _calls["devops-agent-deny@file"].ShouldBe(4);
    }

    [Fact]
    public async Task One_router_dropped_is_a_failure_with_traefiks_own_words()
    {
        Answer("devops-agent-deny@file", "enabled");
        Answer("devops-agent-deny-tls@file", "disabled", "middleware \"devops-agent-deny@file\" does not exist");
        var answer = await ConfirmAsync();
        answer.State.ShouldBe(ApiState.Refused);
        answer.Detail.ShouldBe("Traefik refused the router devops-agent-deny-tls@file: middleware \"devops-agent-deny@file\" does not exist");
    }

    [Fact]
    public async Task A_missing_entry_point_is_passed_on_as_a_warning()
    {
        Answer("devops-agent-deny@file", "warning", "EntryPoint doesn't exist");
        Answer("devops-agent-deny-tls@file", "enabled");
        (await ConfirmAsync()).ShouldBe(new ApiAnswer(ApiState.Enabled, "Traefik warns: EntryPoint doesn't exist"));
    }

    [Fact]
    public async Task Routers_split_by_entry_point_are_found()
    {
        Answer("web-devops-agent-deny@file", "enabled");
        Answer("websecure-devops-agent-deny@file", "enabled");
        Answer("devops-agent-deny-tls@file", "enabled");
        (await ConfirmAsync()).State.ShouldBe(ApiState.Enabled);
    }

    [Fact]
    public async Task A_traefik_that_does_not_watch_the_directory_leaves_it_unconfirmed()
    {
        var answer = await ConfirmAsync();
        answer.State.ShouldBe(ApiState.Unknown);
        answer.Detail.ShouldContain("does not list the router devops-agent-deny@file");
    }

    [Theory]
    [InlineData(500, "oops", "answered 500")]
    [InlineData(302, "", "answered 302")]
    [InlineData(200, "<html>login</html>", "not usable")]
    [InlineData(200, "[]", "earlier rule")]
    public async Task Anything_else_leaves_it_unconfirmed_with_the_reason(int status, string body, string says)
    {
        _answers["devops-agent-deny@file"] = _ => (status, body);
        var answer = await ConfirmAsync();
        answer.State.ShouldBe(ApiState.Unknown);
        answer.Detail.ShouldContain(says);
        _calls.ContainsKey("elsewhere@file").ShouldBeFalse();
    }

    [Fact]
    public async Task An_endless_answer_is_cut()
    {
        _answers["devops-agent-deny@file"] = static _ => (200, new string('x', 17 << 20));
        (await ConfirmAsync()).Detail.ShouldContain("not usable");
    }

    [Fact]
    public void An_address_that_is_no_web_address_is_refused() =>
        Should.Throw<ConfigException>(static () => new TraefikApi(new("ftp://127.0.0.1"), TimeProvider.System).Dispose());

    [Fact]
    public async Task Nobody_there_leaves_it_unconfirmed()
    {
        await _server.StopAsync(TestContext.Current.CancellationToken);
        (await ConfirmAsync()).State.ShouldBe(ApiState.Unknown);
    }

    [Fact]
    public async Task The_file_target_confirms_and_sets_back_what_traefik_refuses()
    {
        using var api = Api();
        var target = new FileTarget(new() { Directory = _folder.Watched }, api);
        var good = new DenyList([AddressRange.Parse("203.0.113.7")], []);
        Answer("devops-agent-deny@file", "enabled");
        Answer("devops-agent-deny-tls@file", "enabled");
        (await target.ApplyAsync(good, CancellationToken.None)).Outcome.ShouldBe(TargetOutcome.Confirmed);

        var refused = new DenyList([AddressRange.Parse("203.0.113.9")], []);
        _answers["devops-agent-deny@file"] = _ => (200, Json("disabled", "ClientIP(`203.0.113.9`)", "no"));
        var result = await target.ApplyAsync(refused, CancellationToken.None);
        result.Outcome.ShouldBe(TargetOutcome.Failed);
        result.Detail.ShouldContain("set back");
        (await target.InspectAsync(good, CancellationToken.None)).ShouldBe(new TargetState(true, null));

        await target.ApplyAsync(DenyList.Empty, CancellationToken.None);
        (await target.ApplyAsync(refused, CancellationToken.None)).Detail.ShouldContain("removed again");
        File.Exists(_folder.File).ShouldBeFalse();
    }

    private TraefikApi Api() => new(_uri, TimeProvider.System, TimeSpan.FromMilliseconds(800));

    private async Task<ApiAnswer> ConfirmAsync()
    {
        using var api = Api();
        var answer = await api.ConfirmAsync(Routers, ["web", "websecure"], TestContext.Current.CancellationToken);
        return answer with { Missing = false, Unreachable = false };
    }

    private void Answer(string name, string status, params string[] errors) => _answers[name] = _ => (200, Json(status, Rule, errors));

    // As Traefik 3 writes a router; rule and error are what is read.
    private static string Json(string status, string rule, params string[] errors) => JsonSerializer.Serialize(new Dictionary<string, object>(StringComparer.Ordinal)
    {
        ["entryPoints"] = new[] { "web", "websecure" },
        ["middlewares"] = new[] { "devops-agent-deny@file" },
        ["service"] = "noop@internal",
        ["rule"] = rule,
        ["priority"] = 2147482647,
        ["status"] = status,
        ["error"] = errors,
        ["using"] = new[] { "web", "websecure" },
        ["name"] = "devops-agent-deny@file",
        ["provider"] = "file",
    });
}
