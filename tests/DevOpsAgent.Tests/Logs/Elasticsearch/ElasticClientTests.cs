using System.Text;
using DevOpsAgent.Configuration;
using DevOpsAgent.Logs.Elasticsearch;

namespace DevOpsAgent.Tests.Logs.Elasticsearch;

/// <summary>The client over real HTTP against a scripted server.</summary>
public sealed class ElasticClientTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static ScriptedAnswer Fine(ScriptedCall call) => new(call.Path == "/" ? ScriptedElastic.Root8 : """{"ok":true}""");

    private static async Task<ElasticException> FaultAsync(ElasticClient client, string path = "/logs/_search") =>
        await Should.ThrowAsync<ElasticException>(() => client.SendAsync(HttpMethod.Post, path, "{}"u8.ToArray(), Stop));

    [Theory]
    [InlineData("basic", "Basic YWRhOnPDpGNyZXQ=")]
    [InlineData("url", "Basic YWRhOnPDpGNyZXQ=")]
    [InlineData("key", "ApiKey aWQ6c2VjcmV0")]
    [InlineData("key-parts", "ApiKey aWQ6c2VjcmV0")]
    [InlineData("token", "Bearer t0ken")]
    [InlineData("none", "")]
    public async Task Each_kind_of_credentials_is_sent(string kind, string expected)
    {
        await using var server = await ScriptedElastic.StartAsync(Fine);
        var config = kind switch
        {
            "basic" => server.Config with { Username = "ada", Password = new("säcret") },
            "url" => server.Config with { Url = server.Address.ToString().Replace("http://", "http://ada:s%C3%A4cret@", StringComparison.Ordinal) },
            "key" => server.Config with { ApiKey = new("aWQ6c2VjcmV0") },
            "key-parts" => server.Config with { ApiKey = new("id:secret") },
            "token" => server.Config with { Token = new("t0ken") },
            _ => server.Config,
        };
        using var client = new ElasticClient(ElasticOptions.Of(config), TimeProvider.System);
        await client.SendAsync(HttpMethod.Get, "/x", default, Stop);
        server.Calls.ShouldAllBe(c => c.Headers.Authorization.ToString() == expected);
        client.Description.ShouldNotContain("cret");
    }

    [Fact]
    public async Task A_dead_node_is_left_out_and_found_again_later()
    {
        var time = new FakeTime();
        var firstIsUp = false;
        await using var first = await ScriptedElastic.StartAsync(call => firstIsUp ? Fine(call) : new("") { Abort = true });
        await using var second = await ScriptedElastic.StartAsync(Fine);
        using var client = new ElasticClient(ScriptedElastic.Options(first.Address, second.Address), time);
        for (var i = 0; i < 5; i++)
        {
            await client.SendAsync(HttpMethod.Get, "/x", default, Stop);
        }

        client.Nodes.Dead.ShouldBe(1);
        first.Calls.Count(static c => c.Path == "/x").ShouldBe(0);
        second.Calls.Count(static c => c.Path == "/x").ShouldBe(5);

        firstIsUp = true;
        time.Advance(TimeSpan.FromSeconds(61));
        await client.SendAsync(HttpMethod.Get, "/x", default, Stop);
        await client.SendAsync(HttpMethod.Get, "/x", default, Stop);
        client.Nodes.Dead.ShouldBe(0);
        first.Calls.Count(static c => c.Path == "/x").ShouldBe(1);
    }

    [Fact]
    public async Task Bodies_are_packed_both_ways()
    {
        await using var server = await ScriptedElastic.StartAsync(static call => call.Path == "/" ? new(ScriptedElastic.Root8) : new("{\"long\":\"" + new string('x', 100_000) + "\"}") { Packed = true });
        using var client = new ElasticClient(ScriptedElastic.Options(server.Address), TimeProvider.System);
        var body = Encoding.UTF8.GetBytes("{\"query\":\"" + new string('y', 5000) + "\"}");
        (await client.SendAsync(HttpMethod.Post, "/x", body, Stop)).GetProperty("long").GetString()!.Length.ShouldBe(100_000);
        var call = server.Calls.Single(static c => c.Path == "/x");
        call.Headers.ContentEncoding.ToString().ShouldBe("gzip");
        call.Body.Length.ShouldBe(body.Length);
        client.BytesRead.ShouldBeLessThan(5000);
    }

    [Fact]
    public async Task An_answer_that_unpacks_to_more_than_is_read_is_an_error()
    {
        await using var server = await ScriptedElastic.StartAsync(static call => call.Path == "/" ? new(ScriptedElastic.Root8) : new(new string(' ', 2 << 20)) { Packed = true });
        using var client = new ElasticClient(ScriptedElastic.Options(server.Address) with { MaxAnswer = 1 << 20 }, TimeProvider.System);
        (await FaultAsync(client)).ShouldSatisfyAllConditions(static e => e.Fault.ShouldBe(ElasticFault.Garbage), static e => e.Message.ShouldContain("longer than 1 MiB"));
    }

    [Theory]
    [InlineData(401, "security_exception", nameof(ElasticFault.Unauthenticated), 1, "api_key")]
    [InlineData(403, "security_exception", nameof(ElasticFault.Forbidden), 1, "rights read")]
    [InlineData(404, "index_not_found_exception", nameof(ElasticFault.NotFound), 1, "index_pattern")]
    [InlineData(400, "parsing_exception", nameof(ElasticFault.Refused), 1, "the reason")]
    [InlineData(429, "circuit_breaking_exception", nameof(ElasticFault.Busy), 4, "too much to do")]
    [InlineData(500, "search_phase_execution_exception", nameof(ElasticFault.Unavailable), 1, "500")]
    [InlineData(503, "search_phase_execution_exception", nameof(ElasticFault.Unavailable), 4, "503")]
    public async Task Each_refusal_has_its_fault_its_words_and_its_tries(int status, string type, string fault, int tries, string words)
    {
        await using var server = await ScriptedElastic.StartAsync(call => call.Path == "/" ? new(ScriptedElastic.Root8)
            : new($$"""{"error":{"root_cause":[{"type":"{{type}}","reason":"the reason"}],"type":"outer","reason":"all shards failed"},"status":{{status}}}""", status));
        using var client = new ElasticClient(ScriptedElastic.Options(server.Address), TimeProvider.System);
        var e = await FaultAsync(client);
        e.Fault.ToString().ShouldBe(fault);
        e.Type.ShouldBe(type);
        e.Status.ShouldBe(status);
        e.Message.ShouldContain("the reason");
        e.Message.ShouldContain(words);
        server.Calls.Count(static c => c.Path != "/").ShouldBe(tries);
    }

    [Fact]
    public async Task A_busy_cluster_is_asked_again_and_answers()
    {
        var left = 2;
        await using var server = await ScriptedElastic.StartAsync(call => call.Path == "/" || left-- <= 0 ? Fine(call) : new("""{"error":"busy"}""", 429));
        using var client = new ElasticClient(ScriptedElastic.Options(server.Address), TimeProvider.System);
        (await client.SendAsync(HttpMethod.Get, "/x", default, Stop)).GetProperty("ok").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task Retry_after_is_obeyed_and_the_breaker_keeps_still_until_then()
    {
        var time = new FakeTime();
        var busy = true;
        await using var server = await ScriptedElastic.StartAsync(call => call.Path == "/" || !busy ? Fine(call) : new("{}", 503) { Headers = new Dictionary<string, string> { ["Retry-After"] = "120" } });
        using var client = new ElasticClient(ScriptedElastic.Options(server.Address), time);
        (await FaultAsync(client)).RetryAfter.ShouldBe(TimeSpan.FromMinutes(2));
        (await FaultAsync(client)).Message.ShouldContain("asked again in 120 s");
        time.Advance(TimeSpan.FromSeconds(119));
        (await FaultAsync(client)).RetryAfter.ShouldBe(TimeSpan.FromSeconds(1));
        server.Calls.Count(static c => c.Path != "/").ShouldBe(1);

        busy = false;
        time.Advance(TimeSpan.FromSeconds(2));
        await client.SendAsync(HttpMethod.Get, "/x", default, Stop);
        await client.SendAsync(HttpMethod.Get, "/x", default, Stop);
    }

    [Fact]
    public async Task Failure_after_failure_opens_the_breaker()
    {
        var time = new FakeTime();
        await using var server = await ScriptedElastic.StartAsync(static call => call.Path == "/" ? Fine(call) : new("") { Abort = true });
        using var client = new ElasticClient(ScriptedElastic.Options(server.Address) with { Tries = 1 }, time);
        for (var i = 0; i < 10; i++)
        {
            (await FaultAsync(client)).Fault.ShouldBe(ElasticFault.Unavailable);
        }

        server.Calls.Count(static c => c.Path != "/").ShouldBe(3);
        time.Advance(TimeSpan.FromSeconds(11));
        await FaultAsync(client);
        await FaultAsync(client);
        server.Calls.Count(static c => c.Path != "/").ShouldBe(4, "one request tries whether it is back");
    }

    [Fact]
    public async Task No_answer_in_time_is_a_fault_that_says_so()
    {
        var never = new TaskCompletionSource();
        await using var server = await ScriptedElastic.StartAsync(call => call.Path == "/" ? Fine(call) : new("") { Hang = never.Task });
        using var client = new ElasticClient(ScriptedElastic.Options(server.Address) with { Tries = 1, Attempt = TimeSpan.FromMilliseconds(200) }, TimeProvider.System);
        (await FaultAsync(client)).ShouldSatisfyAllConditions(static e => e.Fault.ShouldBe(ElasticFault.Unavailable), static e => e.Message.ShouldContain("no answer within"));
        never.SetResult();
    }

    [Theory]
    [InlineData("<html><body>502 proxy</body></html>", 200, false)]
    [InlineData("{\"took\":1,", 200, false)]
    [InlineData("", 200, false)]
    [InlineData("not gzip", 200, true)]
    public async Task Garbage_is_called_garbage(string body, int status, bool lies)
    {
        await using var server = await ScriptedElastic.StartAsync(call => call.Path == "/" ? Fine(call)
            : new(body, status) { Headers = lies ? new Dictionary<string, string> { ["Content-Encoding"] = "gzip" } : new Dictionary<string, string>() });
        using var client = new ElasticClient(ScriptedElastic.Options(server.Address), TimeProvider.System);
        (await FaultAsync(client)).Fault.ShouldBe(ElasticFault.Garbage);
    }

    [Fact]
    public async Task A_cut_answer_is_tried_again()
    {
        var left = 1;
        await using var server = await ScriptedElastic.StartAsync(call => call.Path == "/" || left-- <= 0 ? Fine(call) : new("{\"took\":") { Missing = 100 });
        using var client = new ElasticClient(ScriptedElastic.Options(server.Address), TimeProvider.System);
        (await client.SendAsync(HttpMethod.Get, "/x", default, Stop)).GetProperty("ok").GetBoolean().ShouldBeTrue();
    }

    [Theory]
    [InlineData("""{"version":{"number":"7.17.28"},"tagline":"You Know, for Search"}""", "Elasticsearch 7.17.28", "application/json")]
    [InlineData(ScriptedElastic.Root8, "Elasticsearch 8.19.21", "application/json")]
    [InlineData("""{"version":{"number":"9.1.0"}}""", "Elasticsearch 9.1.0", "application/vnd.elasticsearch+json;compatible-with=8")]
    [InlineData("""{"version":{"distribution":"opensearch","number":"2.19.1"}}""", "OpenSearch 2.19.1", "application/json")]
    [InlineData("""{"version":{"distribution":"opensearch","number":"3.1.0"}}""", "OpenSearch 3.1.0", "application/json")]
    public async Task Each_product_is_known_and_asked_in_its_way(string root, string name, string type)
    {
        var open = name.StartsWith("Open", StringComparison.Ordinal);
        await using var server = await ScriptedElastic.StartAsync(call => call.Path switch
        {
            "/" => new(root),
            "/logs-*/_pit" when !open => new("""{"id":"P"}"""),
            "/logs-*/_search/point_in_time" when open => new("""{"pit_id":"P","_shards":{"total":1,"successful":1,"skipped":0,"failed":0},"creation_time":1795246643122}"""),
            "/_pit" when !open && call.Body == """{"id":"P"}""" => new("""{"succeeded":true,"num_freed":1}"""),
            "/_search/point_in_time" when open && call.Body == """{"pit_id":["P"]}""" => new("""{"pits":[{"successful":true,"pit_id":"P"}]}"""),
            _ => new($$"""{"error":"no handler found for uri [{{call.Path}}] and method [{{call.Method}}]"}""", 400),
        });
        using var client = new ElasticClient(ScriptedElastic.Options(server.Address), TimeProvider.System);
        (await client.ProductAsync(Stop)).Name.ShouldBe(name);
        await using (var point = await new ElasticLogs(client, "logs-*", TimeProvider.System).OpenAsync(Stop))
        {
            point!.Id.ShouldBe("P");
        }

        server.Calls.Count.ShouldBe(3);
        server.Calls[0].Headers.Accept.ToString().ShouldBe("application/json");
        server.Calls[2].Headers.ContentType.ToString().ShouldBe(type);
        server.Calls[2].Method.ShouldBe("DELETE");
    }

    [Fact]
    public async Task Who_may_not_ask_for_the_version_may_still_search()
    {
        await using var server = await ScriptedElastic.StartAsync(static call => call.Path == "/" ? new("""{"error":{"type":"security_exception","reason":"no"},"status":403}""", 403) : new("""{"ok":true}"""));
        using var client = new ElasticClient(ScriptedElastic.Options(server.Address), TimeProvider.System);
        (await client.SendAsync(HttpMethod.Get, "/x", default, Stop)).GetProperty("ok").GetBoolean().ShouldBeTrue();
        (await client.ProductAsync(Stop)).Name.ShouldContain("not told");
    }

    [Fact]
    public async Task Another_server_is_not_taken_for_Elasticsearch()
    {
        await using var server = await ScriptedElastic.StartAsync(static _ => new("""{"name":"prometheus"}"""));
        using var client = new ElasticClient(ScriptedElastic.Options(server.Address), TimeProvider.System);
        (await FaultAsync(client)).Message.ShouldContain("not as Elasticsearch or OpenSearch");
    }

    [Theory]
    [InlineData("""{"_shards":{"total":1,"failed":0},"hits":{"total":{"value":7,"relation":"eq"},"hits":[]}}""", 7)]
    [InlineData("""{"_shards":{"total":1,"failed":0},"hits":{"total":7,"hits":[]}}""", 7)]
    [InlineData("""{"_shards":{"total":1,"failed":0},"hits":{"hits":[]}}""", -1)]
    public void Totals_are_read_in_every_form(string answer, long total) => SearchResult.Of(System.Text.Json.JsonDocument.Parse(answer).RootElement).Total.ShouldBe(total);

    [Theory]
    [InlineData("""{"took":1,"timed_out":false,"_shards":{"total":5,"successful":3,"skipped":0,"failed":2,"failures":[{"shard":0,"index":"a","reason":{"type":"no_shard_available_action_exception","reason":"no shard"}}]},"hits":{"hits":[]}}""", "2 of 5 shards failed")]
    [InlineData("""{"took":1,"timed_out":true,"_shards":{"total":5,"failed":0},"hits":{"hits":[]}}""", "ran out of time")]
    [InlineData("""{"took":1,"timed_out":false,"_shards":{"total":5,"failed":0},"_clusters":{"total":2,"successful":1,"skipped":1},"hits":{"hits":[]}}""", "1 remote clusters")]
    public void A_result_with_gaps_is_an_error(string answer, string words) =>
        Should.Throw<ElasticException>(() => SearchResult.Of(System.Text.Json.JsonDocument.Parse(answer).RootElement)).ShouldSatisfyAllConditions(static e => e.Fault.ShouldBe(ElasticFault.Partial), e => e.Message.ShouldContain(words));

    [Theory]
    [InlineData("""[]""")]
    [InlineData("""{"hits":{}}""")]
    [InlineData("""{"_shards":3,"hits":{}}""")]
    public void Json_of_another_form_is_garbage(string answer) =>
        Should.Throw<ElasticException>(() => SearchResult.Of(System.Text.Json.JsonDocument.Parse(answer).RootElement)).Fault.ShouldBe(ElasticFault.Garbage);

    [Fact]
    public void Without_a_host_it_says_which_key_to_set() => Should.Throw<ElasticException>(() => ElasticOptions.Of(new ElasticsearchConfig())).Message.ShouldContain("elasticsearch.url");
}
