using System.Globalization;
using System.Text.Json.Nodes;
using DevOpsAgent.Kubernetes;
using Microsoft.AspNetCore.Http;

namespace DevOpsAgent.Tests.Kubernetes.Client;

public sealed class ListPagesTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pages_are_joined_in_order()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Then(200, Page("10", "next+1", "a", "b")).Then(200, Page("10", "", "c"));
        using var api = server.Api(new QuickTime());
        var list = await api.ListAsync(RestTests.Middlewares, "traefik", new(Labels: "a=b,c!=d"), Cancellation);
        Names(list).ShouldBe(["a", "b", "c"]);
        list.ResourceVersion.ShouldBe("10");
        server.Asked.ShouldBe(
        [
            "GET /apis/traefik.io/v1alpha1/namespaces/traefik/middlewares?labelSelector=a%3Db%2Cc%21%3Dd&limit=500",
            "GET /apis/traefik.io/v1alpha1/namespaces/traefik/middlewares?labelSelector=a%3Db%2Cc%21%3Dd&limit=500&continue=next%2B1",
        ]);
    }

    [Fact]
    public async Task A_list_that_expires_between_two_pages_begins_anew()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Then(200, Page("10", "next", "a", "gone")).Then(410, ScriptedServer.Status(410, "Expired", "too old"))
            .Then(200, Page("20", "next", "a", "b")).Then(200, Page("20", "", "c"));
        using var api = server.Api(new QuickTime());
        var list = await api.ListAsync(RestTests.Middlewares, null, Selection.All, Cancellation);
        Names(list).ShouldBe(["a", "b", "c"]);
        list.ResourceVersion.ShouldBe("20");
    }

    [Fact]
    public async Task A_storm_of_expired_pages_ends()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Otherwise = static context => context.Request.QueryString.Value!.Contains("continue", StringComparison.Ordinal)
            ? ScriptedServer.Text(410, ScriptedServer.Status(410, "Expired", "too old"))(context)
            : ScriptedServer.Text(200, Page("10", "next", "a"))(context);
        using var api = server.Api(new QuickTime());
        (await RestTests.FaultAsync(() => api.ListAsync(RestTests.Middlewares, null, Selection.All, Cancellation))).StatusCode.ShouldBe(410);
        server.Asked.Count.ShouldBe(12);
    }

    [Fact]
    public async Task A_page_that_is_too_long_is_asked_for_in_smaller_ones()
    {
        var big = new string('x', 1 << 20);
        await using var server = await ScriptedServer.StartAsync();
        server.Then(async context =>
        {
            await context.Response.WriteAsync("{\"metadata\":{},\"items\":[\"");
            for (var i = 0; i < 66; i++)
            {
                await context.Response.WriteAsync(big);
            }
        }).Then(200, Page("10", "", "a"));
        using var api = server.Api(new QuickTime());
        Names(await api.ListAsync(RestTests.Middlewares, null, Selection.All, Cancellation)).ShouldBe(["a"]);
        server.Asked.ShouldBe(["GET /apis/traefik.io/v1alpha1/middlewares?limit=500", "GET /apis/traefik.io/v1alpha1/middlewares?limit=62"]);
    }

    [Fact]
    public async Task Twenty_thousand_objects_take_less_than_64_MB()
    {
        var recorded = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Cases", "kubernetes", "exchanges", "list", "page-1.json"), Cancellation))!["response"]!["items"]![0]!.ToJsonString();
        await using var server = await ScriptedServer.StartAsync();
        for (var page = 0; page < 40; page++)
        {
            var first = page * 500;
            server.Then(context => ScriptedServer.Text(200, Body(first))(context)); // made when asked for: the script must not hold it
        }

        using var api = server.Api(new QuickTime());
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var list = await api.ListAsync(RestTests.Middlewares, null, Selection.All, Cancellation);
        list.Items.Count.ShouldBe(20_000);
        var taken = GC.GetTotalMemory(forceFullCollection: true) - before;
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{taken >> 20} MB"));
        taken.ShouldBeLessThan(64 << 20);
        Names(list).Last().ShouldBe("m19999");

        string Body(int first) => $$"""{"metadata":{"resourceVersion":"9","continue":"{{(first < 19_500 ? "more" : "")}}"},"items":[{{string.Join(',', Enumerable.Range(first, 500).Select(Item))}}]}""";

        string Item(int number) => recorded.Replace("\"ip-deny\"", string.Create(CultureInfo.InvariantCulture, $"\"m{number}\""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Items_of_built_in_kinds_get_the_kind_that_the_server_leaves_out()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Then(200, """{"kind":"ServiceList","metadata":{"resourceVersion":"5"},"items":[{"metadata":{"name":"a"}}]}""");
        using var api = server.Api(new QuickTime());
        var list = await api.ListAsync(new("", "v1", "services", "Service", true), null, Selection.All, Cancellation);
        ((string?)list.Items[0]["kind"]).ShouldBe("Service");
        ((string?)list.Items[0]["apiVersion"]).ShouldBe("v1");
    }

    [Theory]
    [InlineData("""{"metadata":{"resourceVersion":"5"},"items":[7]}""")]
    [InlineData("""{"metadata":{"resourceVersion":5},"items":[]}""")]
    [InlineData("""{"metadata":[],"items":[]}""")]
    [InlineData("""{"items":{}}""")]
    [InlineData("""{"metadata":{"resourceVersion":"5"},"items":[{"kind":"A","kind":"B"}]}""")]
    public async Task A_list_of_another_shape_is_an_error(string body)
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Then(200, body);
        using var api = server.Api(new QuickTime());
        (await RestTests.FaultAsync(() => api.ListAsync(RestTests.Middlewares, null, Selection.All, Cancellation))).Fault.ShouldBe(KubernetesFault.Unavailable);
    }

    private static IEnumerable<string> Names(ObjectList list) => list.Items.Select(static i => (string)i["metadata"]!["name"]!);

    private static string Page(string version, string next, params string[] names) => string.Create(CultureInfo.InvariantCulture,
        $$"""{"kind":"MiddlewareList","metadata":{"resourceVersion":"{{version}}","continue":"{{next}}"},"items":[{{string.Join(',', names.Select(static n => $$$"""{"kind":"Middleware","metadata":{"name":"{{{n}}}"}}"""))}}]}""");
}
