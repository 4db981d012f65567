using DevOpsAgent.Kubernetes;
using Microsoft.AspNetCore.Http;

namespace DevOpsAgent.Tests.Kubernetes.Client;

/// <summary>A watch loses nothing and doubles nothing, whatever happens to its connections.</summary>
public sealed class WatchStreamTests
{
    private const string Expired = """{"type":"ERROR","object":{"kind":"Status","message":"too old resource version: 1 (842)","reason":"Expired","code":410}}""";

    private static readonly string NoRight = ScriptedServer.Status(403, "Forbidden", """middlewares.traefik.io is forbidden: User \"x\" cannot watch resource \"middlewares\" in API group \"traefik.io\" at the cluster scope""");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_goes_on_after_a_cut_where_the_last_whole_event_was()
    {
        await using var server = await ScriptedServer.StartAsync();
        var seen = new TaskCompletionSource();
        server.Then(async context =>
            {
                await context.Response.WriteAsync(Event("ADDED", "a", 11) + "\n" + Event("MODIFIED", "a", 12) + "\n" + Event("DELETED", "a", 13)[..40]);
                await context.Response.Body.FlushAsync();
                await seen.Task; // a cut overtakes what was sent before it
                context.Abort();
            })
            .Then(200, Event("DELETED", "a", 13) + "\n")
            .Then(200, Expired + "\n");
        var events = await WatchAsync(server, new QuickTime(), last => (last == "Modified a 12" ? seen : new()).TrySetResult());
        events.ShouldBe(["Added a 11", "Modified a 12", "Deleted a 13", "Gone  13"]);
        Versions(server).ShouldBe(["10", "12", "13"]);
    }

    [Fact]
    public async Task A_bookmark_moves_the_place_to_go_on()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Then(200, """{"type":"BOOKMARK","object":{"kind":"Middleware","metadata":{"resourceVersion":"99"}}}""" + "\n").Then(410, ScriptedServer.Status(410, "Expired", "too old"));
        (await WatchAsync(server, new QuickTime())).ShouldBe(["Bookmark  99", "Gone  99"]);
        Versions(server).ShouldBe(["10", "99"]);
        server.Asked[0].ShouldContain("allowWatchBookmarks=true");
    }

    [Fact]
    public async Task Outages_are_waited_out_with_growing_pauses()
    {
        var time = new QuickTime();
        await using var server = await ScriptedServer.StartAsync();
        server.Then(500, "etcd is away").Then(static c => { c.Abort(); return Task.CompletedTask; }).Then(200, "not json\n").Then(200, "")
            .Then(429, ScriptedServer.Status(429, "TooManyRequests", "slow"), ("Retry-After", "12"))
            .Then(200, Event("ADDED", "a", 11) + "\n").Then(410, "{}");
        (await WatchAsync(server, time)).ShouldBe(["Added a 11", "Gone  11"]);
        Versions(server).ShouldBe(["10", "10", "10", "10", "10", "10", "11"]);
        for (var i = 0; i < 4; i++)
        {
            time.Pauses[i].TotalMilliseconds.ShouldBeInRange(100 * (1 << i), 200 * (1 << i));
        }

        time.Pauses[4].ShouldBe(TimeSpan.FromSeconds(12));
        time.Pauses[5].TotalMilliseconds.ShouldBeInRange(100, 200); // an event came: from the beginning
    }

    [Theory]
    [InlineData("""{"type":"ADDED"}""")]
    [InlineData("""{"type":"ADDED","object":{"metadata":{}}}""")]
    [InlineData("""{"type":"UNHEARD","object":{"metadata":{"resourceVersion":"50"}}}""")]
    [InlineData("""{"type":7,"object":{"metadata":{"resourceVersion":"50"}}}""")]
    [InlineData("""{"type":"ADDED","object":{"metadata":{"resourceVersion":50}}}""")]
    [InlineData("""[]""")]
    [InlineData("""{"type":"ADDED","object":{"a":1,"a":2,"metadata":{"resourceVersion":"50"}}}""")]
    public async Task A_line_that_cannot_be_read_ends_the_connection_and_not_the_watch(string line)
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Then(200, line + "\n" + Event("ADDED", "lost", 60) + "\n").Then(200, Event("ADDED", "a", 11) + "\n").Then(410, "{}");
        (await WatchAsync(server, new QuickTime())).ShouldBe(["Added a 11", "Gone  11"]);
        Versions(server).ShouldBe(["10", "10", "11"]);
    }

    [Fact]
    public async Task A_storm_of_expired_versions_is_slowed_down()
    {
        var time = new QuickTime();
        await using var server = await ScriptedServer.StartAsync();
        server.Otherwise = ScriptedServer.Text(200, Expired + "\n");
        using var api = server.Api(time);
        for (var i = 0; i < 6; i++)
        {
            (await ReadAsync(api)).ShouldBe(["Gone  10"]);
        }

        time.Pauses.Count.ShouldBe(5);
        time.Pauses[^1].TotalMilliseconds.ShouldBeInRange(1600, 3200);
    }

    [Fact]
    public async Task A_right_that_was_taken_away_ends_it_when_that_lasts()
    {
        var time = new QuickTime();
        await using var server = await ScriptedServer.StartAsync();
        server.Then(200, Event("ADDED", "a", 11) + "\n");
        server.Otherwise = ScriptedServer.Text(403, NoRight);
        var fault = await RestTests.FaultAsync(() => WatchAsync(server, time));
        fault.Fault.ShouldBe(KubernetesFault.Forbidden);
        fault.MissingRule.ShouldBe("- {apiGroups: [traefik.io], resources: [middlewares], verbs: [watch]}");
        time.Pauses.Aggregate(static (a, b) => a + b).ShouldBeInRange(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(40));
    }

    [Fact]
    public async Task A_right_that_never_was_ends_it_at_once()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Then(403, NoRight);
        (await RestTests.FaultAsync(() => WatchAsync(server, new QuickTime()))).Fault.ShouldBe(KubernetesFault.Forbidden);
        server.Asked.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Refusals_of_a_server_that_is_still_starting_are_waited_out()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Then(200, Event("ADDED", "a", 11) + "\n").Then(403, NoRight).Then(404, "404 page not found\n").Then(401, ScriptedServer.Status(401, "Unauthorized", "Unauthorized"))
            .Then(200, Event("ADDED", "b", 12) + "\n").Then(410, "{}");
        (await WatchAsync(server, new QuickTime())).ShouldBe(["Added a 11", "Added b 12", "Gone  12"]);
    }

    [Fact]
    public async Task A_line_without_end_is_cut_off()
    {
        var mega = new string('x', 1 << 20);
        await using var server = await ScriptedServer.StartAsync();
        server.Then(async context =>
        {
            for (var i = 0; i < 40; i++)
            {
                await context.Response.WriteAsync(mega);
            }
        }).Then(410, "{}");
        (await WatchAsync(server, new QuickTime())).ShouldBe(["Gone  10"]);
    }

    [Fact]
    public async Task Cancelling_ends_it_while_nothing_comes()
    {
        await using var server = await ScriptedServer.StartAsync();
        var open = new TaskCompletionSource();
        server.Otherwise = async context =>
        {
            await context.Response.Body.FlushAsync();
            open.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };
        using var api = server.Api(new QuickTime());
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var reading = Task.Run(async () =>
        {
            await foreach (var _ in api.WatchAsync(RestTests.Middlewares, null, Selection.All, "10", stop.Token))
            {
            }
        }, Cancellation);
        await open.Task.WaitAsync(Cancellation);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => reading);
    }

    private static async Task<List<string>> WatchAsync(ScriptedServer server, TimeProvider time, Action<string>? seen = null)
    {
        using var api = server.Api(time);
        return await ReadAsync(api, seen);
    }

    private static async Task<List<string>> ReadAsync(IKubernetesApi api, Action<string>? seen = null)
    {
        var events = new List<string>();
        await foreach (var found in api.WatchAsync(RestTests.Middlewares, null, Selection.All, "10", Cancellation))
        {
            events.Add($"{found.Change} {found.Object?["metadata"]?["name"]} {found.ResourceVersion}");
            seen?.Invoke(events[^1]);
        }

        return events;
    }

    private static string Event(string type, string name, int version) =>
        $$$"""{"type":"{{{type}}}","object":{"apiVersion":"traefik.io/v1alpha1","kind":"Middleware","metadata":{"name":"{{{name}}}","resourceVersion":"{{{version}}}"} } }""";

    // GET /apis/...?watch=1&allowWatchBookmarks=true&resourceVersion=12&timeoutSeconds=300
    private static IEnumerable<string> Versions(ScriptedServer server) => server.Asked.Select(static a => a.Split("resourceVersion=")[1].Split('&')[0]);
}
