using System.Net;
using System.Text;
using System.Text.Json;
using DevOpsAgent.App.Cli;
using DevOpsAgent.App.EsEndpoint;
using DevOpsAgent.LogStore;
using DevOpsAgent.LogStore.Api;

namespace DevOpsAgent.Tests.EsEndpoint;

/// <summary>The endpoint over real HTTP on loopback.</summary>
public sealed class EsHostTests
{
    private static async Task WithHostAsync(Func<HttpClient, Task> test)
    {
        using var catalog = new IndexCatalog();
        new ElasticApi(catalog, TimeProvider.System).Handle(new("PUT", "/logs-a/_doc/1", """{"path":"/.env","status":404}"""u8.ToArray()));
        await using var host = await EsHost.StartAsync("127.0.0.1:0", new(catalog, TimeProvider.System, allowWrites: false), TestContext.Current.CancellationToken);
        using var client = new HttpClient { BaseAddress = host.Address };
        await test(client);
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    [Fact]
    public Task Searches_counts_and_mappings_are_answered() => WithHostAsync(static async client =>
    {
        var stop = TestContext.Current.CancellationToken;
        var search = await client.PostAsync("/logs-*/_search", Json("""{"query":{"term":{"status":404}}}"""), stop);
        search.StatusCode.ShouldBe(HttpStatusCode.OK);
        search.Headers.GetValues("X-elastic-product").ShouldBe(["Elasticsearch"]);
        JsonDocument.Parse(await search.Content.ReadAsStringAsync(stop)).RootElement.GetProperty("hits").GetProperty("total").GetProperty("value").GetInt32().ShouldBe(1);
        (await client.GetStringAsync("/logs-a/_count?q=path:env", stop)).ShouldContain("\"count\":1");
        (await client.GetStringAsync("/logs-a/_mapping", stop)).ShouldContain("ignore_above");
        (await client.GetStringAsync("/", stop)).ShouldContain("You Know, for Search");
        using var head = new HttpRequestMessage(HttpMethod.Head, "/nope");
        (await client.SendAsync(head, stop)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    });

    [Fact]
    public Task Nothing_can_be_written() => WithHostAsync(static async client =>
    {
        var stop = TestContext.Current.CancellationToken;
        (await client.PutAsync("/logs-a/_doc/2", Json("{}"), stop)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await client.PostAsync("/_bulk", Json("{}\n"), stop)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await client.DeleteAsync("/logs-a", stop)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await client.PutAsync("/new", Json("{}"), stop)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    });

    [Theory]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Host", "logs.evil.example")]
    public Task Browsers_of_other_sites_get_nothing(string header, string value) => WithHostAsync(async client =>
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/logs-a/_count");
        request.Headers.TryAddWithoutValidation(header, value);
        (await client.SendAsync(request, TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    });

    [Theory]
    [InlineData("0.0.0.0:9200")]
    [InlineData("192.0.2.1:9200")]
    [InlineData("[::]:9200")]
    [InlineData("9200")]
    [InlineData("nonsense")]
    public async Task Only_loopback_is_listened_on(string address)
    {
        using var catalog = new IndexCatalog();
        await Should.ThrowAsync<CommandException>(() => EsHost.StartAsync(address, new(catalog, TimeProvider.System), TestContext.Current.CancellationToken));
    }
}
