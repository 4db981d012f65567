using System.Globalization;
using System.Text.Json.Nodes;
using DevOpsAgent.Kubernetes;
using DevOpsAgent.Kubernetes.Client;

namespace DevOpsAgent.Tests.Kubernetes.Client;

/// <summary>What a server and the way to it can do to a call.</summary>
public sealed class RestTests
{
    internal static readonly ResourceType Middlewares = new("traefik.io", "v1alpha1", "middlewares", "Middleware", Namespaced: true);
    private const string Found = """{"apiVersion":"traefik.io/v1alpha1","kind":"Middleware","metadata":{"name":"deny","namespace":"traefik","resourceVersion":"7"}}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Retry_After_is_waited_for()
    {
        var time = new QuickTime();
        await using var server = await ScriptedServer.StartAsync();
        server.Then(429, ScriptedServer.Status(429, "TooManyRequests", "slow down"), ("Retry-After", "7"))
            .Then(503, ScriptedServer.Status(503, "ServiceUnavailable", "starting", ""","details":{"retryAfterSeconds":9}"""))
            .Then(200, Found);
        using var api = server.Api(time);
        (await api.GetAsync(Middlewares, "traefik", "deny", Cancellation)).ShouldNotBeNull();
        time.Pauses.ShouldBe([TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(9)]);
    }

    [Fact]
    public async Task A_wait_beyond_the_patience_is_an_error_at_once()
    {
        var time = new QuickTime();
        await using var server = await ScriptedServer.StartAsync();
        server.Then(429, ScriptedServer.Status(429, "TooManyRequests", "slow down"), ("Retry-After", "3600"));
        using var api = server.Api(time);
        var fault = await FaultAsync(() => api.GetAsync(Middlewares, "traefik", "deny", Cancellation));
        fault.Fault.ShouldBe(KubernetesFault.Unavailable);
        fault.Message.ShouldContain("it asks to wait 3600 s");
        time.Pauses.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task Server_errors_are_tried_again_with_growing_pauses(int status)
    {
        var time = new QuickTime();
        await using var server = await ScriptedServer.StartAsync();
        server.Otherwise = ScriptedServer.Text(status, ScriptedServer.Status(status, "InternalError", "etcdserver: request timed out"));
        using var api = server.Api(time, new() { Tries = 6 });
        var fault = await FaultAsync(() => api.ApplyAsync(Middlewares, (JsonObject)JsonNode.Parse(Found)!, new(), Cancellation));
        fault.Fault.ShouldBe(KubernetesFault.Unavailable);
        fault.StatusCode.ShouldBe(status);
        fault.Message.ShouldStartWith("context test: can't apply middlewares.traefik.io deny in namespace traefik: etcdserver: request timed out.");
        fault.Message.ShouldContain("Tried 6 times");
        server.Asked.Count.ShouldBe(6);
        for (var i = 0; i < 5; i++)
        {
            // Half of a doubling pause is certain, the other half is chance: two agents don't keep step.
            var whole = 200 * (1 << i);
            time.Pauses[i].TotalMilliseconds.ShouldBeInRange(whole / 2.0, whole);
        }
    }

    [Fact]
    public async Task A_replacement_is_not_sent_again_after_an_error_that_may_hide_its_success()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Otherwise = ScriptedServer.Text(504, ScriptedServer.Status(504, "Timeout", "request did not complete"));
        using var api = server.Api(new QuickTime());
        (await FaultAsync(() => api.ReplaceAsync(Middlewares, (JsonObject)JsonNode.Parse(Found)!, false, Cancellation))).Fault.ShouldBe(KubernetesFault.Unavailable);
        server.Asked.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_delete_whose_first_answer_was_lost_is_still_ours()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Then(ScriptedServer.Cut("{")).Then(404, ScriptedServer.Status(404, "NotFound", "not found", ""","details":{"name":"deny"}"""));
        using var api = server.Api(new QuickTime());
        (await api.DeleteAsync(Middlewares, "traefik", "deny", new(), Cancellation)).ShouldBeTrue();
        server.Then(404, ScriptedServer.Status(404, "NotFound", "not found", ""","details":{"name":"deny"}"""));
        (await api.DeleteAsync(Middlewares, "traefik", "deny", new(), Cancellation)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_server_that_says_nothing_is_given_up()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Otherwise = static async context => await Task.Delay(Timeout.Infinite, context.RequestAborted);
        using var api = server.Api(TimeProvider.System, new() { Attempt = TimeSpan.FromMilliseconds(150), Tries = 2, Pause = TimeSpan.FromMilliseconds(1) });
        var fault = await FaultAsync(() => api.GetAsync(Middlewares, "traefik", "deny", Cancellation));
        fault.Fault.ShouldBe(KubernetesFault.Unavailable);
        fault.Message.ShouldContain("no answer within 0 s");
        server.Asked.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Nobody_there_is_said_plainly()
    {
        var server = await ScriptedServer.StartAsync();
        var connection = server.Connection(TimeProvider.System);
        await server.DisposeAsync();
        using var api = new KubernetesApi(connection, new QuickTime());
        var fault = await FaultAsync(() => api.VersionAsync(Cancellation));
        fault.Fault.ShouldBe(KubernetesFault.Unavailable);
        fault.Message.ShouldContain("Connection refused");
        fault.Message.ShouldContain("Tried 5 times");
    }

    [Theory]
    [InlineData(200, "<html>Please log in</html>", "does a proxy or login page stand between?")]
    [InlineData(200, "", "is not JSON of the API")]
    [InlineData(200, "[1]", "is not JSON of the API")]
    [InlineData(200, "{\"a\":", "is not JSON of the API")]
    [InlineData(302, "moved", "which isn't followed")]
    public async Task Garbage_is_an_error_that_says_so(int status, string body, string said)
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Otherwise = ScriptedServer.Text(status, body);
        using var api = server.Api(new QuickTime());
        var fault = await FaultAsync(() => api.GetAsync(Middlewares, "traefik", "deny", Cancellation));
        fault.Fault.ShouldBe(KubernetesFault.Unavailable);
        fault.Message.ShouldContain(said);
    }

    [Fact]
    public async Task A_refused_token_is_read_again_from_its_file_once()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "old\n", Cancellation);
        await using var server = await ScriptedServer.StartAsync();
        server.Then(async context =>
        {
            await File.WriteAllTextAsync(file, "new\n");
            await ScriptedServer.Text(401, ScriptedServer.Status(401, "Unauthorized", "Unauthorized"))(context);
        }).Then(200, Found);
        server.Otherwise = ScriptedServer.Text(401, ScriptedServer.Status(401, "Unauthorized", "Unauthorized"));
        var time = new QuickTime();
        using var api = server.Api(time, credentials: new UserCredentials(time) { TokenFile = file });
        (await api.GetAsync(Middlewares, "traefik", "deny", Cancellation)).ShouldNotBeNull();
        server.Authorizations.ShouldBe(["Bearer old", "Bearer new"]);

        // The file is the same: asking a second time would change nothing.
        (await FaultAsync(() => api.GetAsync(Middlewares, "traefik", "deny", Cancellation))).Fault.ShouldBe(KubernetesFault.Unauthenticated);
        server.Asked.Count.ShouldBe(3);
        File.Delete(file);
    }

    [Fact]
    public async Task A_refused_token_with_a_wrong_clock_names_the_clock()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Otherwise = ScriptedServer.Text(401, ScriptedServer.Status(401, "Unauthorized", "Unauthorized"), ("Date", TimeProvider.System.GetUtcNow().AddMinutes(10).ToString("R", CultureInfo.InvariantCulture)));
        using var api = server.Api(new QuickTime());
        var fault = await FaultAsync(() => api.VersionAsync(Cancellation));
        fault.Fault.ShouldBe(KubernetesFault.Unauthenticated);
        fault.Message.ShouldMatch("clock is [56][0-9]{2} s behind the server's; set it first");
    }

    [Fact]
    public async Task The_token_never_stands_in_an_error()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Otherwise = static context =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        using var api = server.Api(new QuickTime(), credentials: new UserCredentials(TimeProvider.System) { Token = "s3cret-token" });
        (await FaultAsync(() => api.VersionAsync(Cancellation))).ToString().ShouldNotContain("s3cret-token");
    }

    [Fact]
    public async Task Impersonation_is_sent()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Then(200, """{"gitVersion":"v1.30.0"}""");
        using var api = new KubernetesApi(server.Connection(TimeProvider.System) with { Impersonation = [new("Impersonate-User", "jane"), new("Impersonate-Group", "a"), new("Impersonate-Group", "b")] }, TimeProvider.System);
        (await api.VersionAsync(Cancellation)).ShouldBe("v1.30.0");
        server.Headers[0]["Impersonate-User"].ToString().ShouldBe("jane");
        server.Headers[0]["Impersonate-Group"].ToString().Replace(" ", "", StringComparison.Ordinal).ShouldBe("a,b");
    }

    internal static async Task<KubernetesException> FaultAsync(Func<Task> call) => await Should.ThrowAsync<KubernetesException>(call);
}
