using System.Text.Json;
using DevOpsAgent.Tests.Logs.Elasticsearch;

namespace DevOpsAgent.Tests.Service.Elasticsearch;

/// <summary>Detection through Elasticsearch when things go well, late, wrong, or down.</summary>
public sealed class ElasticWatchTests
{
    private const string Scanner = "203.0.113.7";

    private static string Benign(double second, int count) => string.Concat(Enumerable.Range(0, count).Select(i => WatchedCluster.Line(second + (i * 0.01), $"198.51.100.{i % 200}", $"/products/{i % 50}?page={i % 7}", i % 40 == 0 ? 404 : 200)));

    [Fact]
    public async Task A_scan_becomes_an_incident_and_ordinary_events_are_not_read()
    {
        await using var cluster = await WatchedCluster.StartAsync();
        cluster.Ingest(Benign(0, 2000) + WatchedCluster.Scan(5, Scanner, 12));
        await cluster.PassAsync(TimeSpan.FromMinutes(2));
        cluster.Incidents.ShouldHaveSingleItem().ShouldBe($"{Scanner} secrets-scan High");
        cluster.Counted(Scanner).ShouldBe(12);
        cluster.Problem.ShouldStartWith("Following");
        Events(cluster).ShouldBe(12);
    }

    [Fact]
    public async Task A_scan_that_goes_on_over_many_looks_and_restarts_counts_each_request_once()
    {
        await using var cluster = await WatchedCluster.StartAsync();
        for (var i = 0; i < 20; i++)
        {
            cluster.Ingest(Benign(i * 30, 100) + WatchedCluster.Scan(i * 30, Scanner, 12));
            await cluster.PassAsync(TimeSpan.FromSeconds(30));
            if (i % 3 == 0)
            {
                cluster.Restart();
            }
        }

        await cluster.PassAsync(TimeSpan.FromMinutes(10));
        cluster.Incidents.ShouldHaveSingleItem().ShouldBe($"{Scanner} secrets-scan High");
        cluster.Counted(Scanner).ShouldBe(240);
    }

    [Theory]
    [InlineData(401, "Error", "refuses the credentials")]
    [InlineData(403, "Error", "rights read")]
    [InlineData(404, "Error", "index_pattern")]
    [InlineData(429, "Error", "too much to do")]
    [InlineData(503, "Error", "can't answer now")]
    public async Task A_refusal_is_said_and_later_nothing_is_missing_or_double(int status, string state, string words)
    {
        await using var cluster = await WatchedCluster.StartAsync();
        cluster.Ingest(WatchedCluster.Scan(0, Scanner, 6));
        await cluster.PassAsync(TimeSpan.FromMinutes(1));
        cluster.Fault = call => call.Path == "/" ? null : new("""{"error":{"type":"t","reason":"r"}}""", status) { Headers = new Dictionary<string, string> { ["Retry-After"] = "20" } };
        cluster.Ingest(WatchedCluster.Scan(70, Scanner, 6));
        await cluster.PassAsync(TimeSpan.FromMinutes(3));
        cluster.Problem.ShouldStartWith(state);
        cluster.Problem.ShouldContain(words);
        cluster.Problem.ShouldContain("are read when it works again");

        cluster.Fault = static _ => null;
        await cluster.PassAsync(TimeSpan.FromMinutes(10));
        cluster.Problem.ShouldBe("Following: ");
        cluster.Incidents.ShouldHaveSingleItem().ShouldBe($"{Scanner} secrets-scan High");
        cluster.Counted(Scanner).ShouldBe(12);
    }

    /// <summary>At each request of a look in turn: partial shards, timed out, garbage, a cut answer, another form of JSON.</summary>
    [Theory]
    [InlineData("partial")]
    [InlineData("late")]
    [InlineData("html")]
    [InlineData("form")]
    [InlineData("abort")]
    [InlineData("red")]
    public async Task A_fault_in_the_middle_of_a_look_loses_nothing_and_doubles_nothing(string kind)
    {
        await using var cluster = await WatchedCluster.StartAsync();
        await cluster.LookAsync();
        var asked = 0;
        var failAt = 0;
        var failed = 0;
        cluster.Fault = call =>
        {
            if (!call.Path.EndsWith("_search", StringComparison.Ordinal) || ++asked < failAt)
            {
                return null;
            }

            (asked, failAt) = (0, failAt + 7);
            failed++;
            return kind switch
            {
                "partial" => new("""{"took":1,"timed_out":false,"_shards":{"total":2,"successful":1,"skipped":0,"failed":1,"failures":[{"shard":1,"index":"x","reason":{"type":"no_shard_available_action_exception","reason":"no shard available"}}]},"hits":{"total":{"value":0,"relation":"eq"},"hits":[]},"aggregations":{"clients":{"buckets":[]}}}"""),
                "late" => new("""{"took":1,"timed_out":true,"_shards":{"total":2,"successful":2,"skipped":0,"failed":0},"hits":{"total":{"value":0,"relation":"eq"},"hits":[]},"aggregations":{"clients":{"buckets":[]}}}"""),
                "html" => new("<html>gateway</html>") { Type = "text/html" },
                "form" => new("""{"took":1,"timed_out":false,"_shards":{"total":2,"failed":0},"hits":{"hits":[]},"aggregations":{"other":[]}}"""),
                "red" => new("""{"error":{"root_cause":[],"type":"search_phase_execution_exception","reason":"all shards failed","phase":"query","grouped":true,"failed_shards":[]},"status":503}""", 503),
                _ => new("") { Abort = true },
            };
        };
        for (var i = 0; i < 12; i++)
        {
            cluster.Ingest(WatchedCluster.Scan(i * 30, Scanner, 12));
            await cluster.PassAsync(TimeSpan.FromSeconds(30));
            if (i % 4 == 3)
            {
                cluster.Restart();
            }
        }

        failed.ShouldBeGreaterThan(3);
        cluster.Fault = static _ => null;
        await cluster.PassAsync(TimeSpan.FromMinutes(15));
        cluster.Incidents.ShouldHaveSingleItem().ShouldBe($"{Scanner} secrets-scan High");
        cluster.Counted(Scanner).ShouldBe(144);
    }

    [Fact]
    public async Task Down_for_hours_it_catches_up_step_by_step()
    {
        await using var cluster = await WatchedCluster.StartAsync();
        cluster.Ingest(WatchedCluster.Scan(0, Scanner, 3));
        await cluster.PassAsync(TimeSpan.FromMinutes(1));
        cluster.Fault = static _ => new("") { Abort = true };
        for (var hour = 0; hour < 5; hour++)
        {
            cluster.Ingest(WatchedCluster.Scan((hour * 3600) + 600, $"203.0.113.{hour + 10}", 12));
            cluster.Time.Advance(TimeSpan.FromHours(1));
            await cluster.LookAsync();
        }

        cluster.Problem.ShouldContain("can't be reached");
        cluster.Fault = static _ => null;
        await cluster.PassAsync(TimeSpan.FromMinutes(10));
        cluster.Incidents.Count.ShouldBe(5);
        Enumerable.Range(10, 5).ShouldAllBe(i => cluster.Counted($"203.0.113.{i}") == 12);
    }

    [Fact]
    public async Task Events_within_the_ingest_lag_are_counted_and_later_ones_are_said()
    {
        await using var cluster = await WatchedCluster.StartAsync();
        await cluster.LookAsync();
        cluster.Time.Advance(TimeSpan.FromSeconds(25));
        cluster.Ingest(WatchedCluster.Scan(1, Scanner, 12));
        await cluster.PassAsync(TimeSpan.FromMinutes(2));
        cluster.Incidents.ShouldHaveSingleItem().ShouldBe($"{Scanner} secrets-scan High");
        cluster.Counted(Scanner).ShouldBe(12);
        cluster.Problem.ShouldBe("Following: ");

        // Of an interval that was searched already.
        cluster.Ingest(WatchedCluster.Scan(75, "203.0.113.8", 3));
        await cluster.PassAsync(TimeSpan.FromSeconds(30));
        cluster.Problem.ShouldContain("3 events came after their time had been searched; raise elasticsearch.ingest_lag");
    }

    [Theory]
    [InlineData(-600)]
    [InlineData(600)]
    public async Task A_wrong_clock_of_this_machine_changes_nothing_and_is_said(int seconds)
    {
        await using var cluster = await WatchedCluster.StartAsync();
        var skewed = new FakeTime(WatchedCluster.Begin.AddSeconds(seconds));
        using var watch = new DevOpsAgent.Service.Elasticsearch.ElasticWatch(cluster.Config, DevOpsAgent.Logs.Elasticsearch.ElasticOptions.Of(cluster.Config), cluster.Rules, [], static () => { }, skewed);
        cluster.Ingest(WatchedCluster.Scan(0, Scanner, 12));
        cluster.Time.Advance(TimeSpan.FromMinutes(1));
        var lines = 0;
        await Watching.RoundAsync(watch, block => lines += block.Bytes.Span.Count((byte)'\n'));
        lines.ShouldBe(12);
        var status = new List<DevOpsAgent.Logs.Sources.SourceStatus>();
        watch.Report(status);
        status[0].Advice.ShouldNotBeNull().ShouldContain("clock");
    }

    [Fact]
    public async Task Events_from_the_future_wait_for_their_time()
    {
        await using var cluster = await WatchedCluster.StartAsync();
        cluster.Ingest(WatchedCluster.Scan(300, Scanner, 12));
        await cluster.PassAsync(TimeSpan.FromMinutes(1));
        cluster.Incidents.ShouldBeEmpty();
        cluster.Problem.ShouldContain("in the future");
        await cluster.PassAsync(TimeSpan.FromMinutes(6));
        cluster.Incidents.ShouldHaveSingleItem().ShouldBe($"{Scanner} secrets-scan High");
        cluster.Counted(Scanner).ShouldBe(12);
    }

    [Fact]
    public async Task A_mapping_that_can_not_be_used_is_explained()
    {
        await using var cluster = await WatchedCluster.StartAsync();
        cluster.Fault = static call => call.Path.EndsWith("_field_caps", StringComparison.Ordinal) ? new("""
            {"indices":["traefik-logs-1","traefik-logs-2"],"fields":{"@timestamp":{"date":{"aggregatable":true}},"RequestPath.keyword":{"keyword":{"aggregatable":true}},"RequestPath":{"text":{"aggregatable":false}},"ClientHost":{"keyword":{"aggregatable":true}},
            "DownstreamStatus":{"keyword":{"aggregatable":true,"indices":["traefik-logs-1"]},"long":{"aggregatable":true,"indices":["traefik-logs-2"]}}}}
            """) : null;
        await cluster.LookAsync();
        cluster.Problem.ShouldContain("status: [DownstreamStatus] is keyword in traefik-logs-1, long in traefik-logs-2");
        cluster.Problem.ShouldContain("elasticsearch.fields");
    }

    [Fact]
    public async Task Before_the_first_index_it_waits_for_it()
    {
        await using var cluster = await WatchedCluster.StartAsync();
        await cluster.LookAsync();
        cluster.Problem.ShouldContain("No index matches [traefik-logs-*]");
        cluster.Ingest(WatchedCluster.Scan(0, Scanner, 12));
        await cluster.PassAsync(TimeSpan.FromMinutes(5));
        cluster.Incidents.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task An_attacker_who_writes_another_forwarded_address_each_time_is_found_by_his_peer()
    {
        await using var cluster = await WatchedCluster.StartAsync();
        cluster.Ingest(Benign(0, 500) + string.Concat(Enumerable.Range(0, 40).Select(static i => WatchedCluster.Line(i, Scanner, $"/{(char)('a' + (i % 26))}{i}/.env", 404, host: $"192.0.2.{i}"))));
        await cluster.PassAsync(TimeSpan.FromMinutes(2));
        cluster.Incidents.ShouldHaveSingleItem().ShouldStartWith($"{Scanner} secrets-scan High");
    }

    [Fact]
    public async Task Behind_a_trusted_proxy_the_last_hop_is_the_client_whatever_stands_before_it()
    {
        await using var cluster = await WatchedCluster.StartAsync();
        cluster.Config = cluster.Config with { TrustedProxies = [DevOpsAgent.Addresses.AddressRange.TryParse("10.0.0.0/8", out var range) ? range : default] };
        cluster.Open();
        cluster.Ingest(string.Concat(Enumerable.Range(0, 30).Select(static i => WatchedCluster.Line(i, "10.0.0.1", $"/{(char)('a' + (i % 26))}{i}/.env", 404, host: $"192.0.2.{i}, {Scanner}"))));
        await cluster.PassAsync(TimeSpan.FromMinutes(2));
        cluster.Incidents.ShouldHaveSingleItem().ShouldStartWith($"{Scanner} secrets-scan High");
    }

    [Fact]
    public async Task Many_shards_make_counts_uncertain_and_then_all_groups_are_paged_through()
    {
        await using var cluster = await WatchedCluster.StartAsync();
        cluster.Ingest(Benign(0, 300) + WatchedCluster.Scan(5, Scanner, 12));
        var composite = 0;
        cluster.Fault = call =>
        {
            composite += call.Body.Contains("\"composite\"", StringComparison.Ordinal) ? 1 : 0;
            return call.Body.Contains("\"terms\":{\"field\":\"ClientHost.keyword\"", StringComparison.Ordinal) && call.Body.Contains("min_doc_count", StringComparison.Ordinal)
                ? cluster.Answer(call) is var answer ? answer with { Body = answer.Body.Replace("\"doc_count_error_upper_bound\":0", "\"doc_count_error_upper_bound\":3", StringComparison.Ordinal) } : null : null;
        };
        await cluster.PassAsync(TimeSpan.FromSeconds(60));
        composite.ShouldBeGreaterThan(10);
        cluster.Incidents.ShouldHaveSingleItem().ShouldBe($"{Scanner} secrets-scan High");
        cluster.Counted(Scanner).ShouldBe(12);
    }

    /// <summary>Hits that came back over the wire.</summary>
    private static int Events(WatchedCluster cluster) => cluster.Server.Calls.Where(static c => c.Body.Contains("\"pit\"", StringComparison.Ordinal)).Sum(c =>
    {
        using var answer = JsonDocument.Parse(new ScriptedReplay(cluster).Again(c));
        return answer.RootElement.GetProperty("hits").GetProperty("hits").GetArrayLength();
    });
}

/// <summary>Asks a remembered search again, without its closed point in time.</summary>
internal sealed class ScriptedReplay(WatchedCluster cluster)
{
    public string Again(ScriptedCall call)
    {
        var body = System.Text.Json.Nodes.JsonNode.Parse(call.Body)!.AsObject();
        body.Remove("pit");
        return cluster.Answer(call with { Path = "/traefik-logs-*/_search", Body = body.ToJsonString() }).Body;
    }
}
