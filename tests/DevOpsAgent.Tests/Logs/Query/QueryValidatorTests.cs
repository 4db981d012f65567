using System.Text;
using System.Text.Json;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.Tests.Logs.Query;

/// <summary>What a model may ask, and what it is told when it asks for something else.</summary>
public sealed class QueryValidatorTests
{
    private static readonly DateTimeOffset Newest = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);

    private static readonly FieldCatalog Fields = new(new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["@timestamp"] = "date", ["source.ip"] = "ip", ["DownstreamStatus"] = "long", ["ClientHost"] = "text", ["ClientHost.keyword"] = "keyword", ["RequestPath"] = "text", ["RequestPath.keyword"] = "keyword", ["RequestMethod.keyword"] = "keyword",
    });

    private static (CheckedQuery? Query, string Problems) Check(string body, string? index = null, QueryLimits? limits = null)
    {
        var ok = new QueryValidator("traefik-logs-*", limits ?? QueryLimits.Model).TryCheck(index, Encoding.UTF8.GetBytes(body), Fields, Newest, out var query, out var problems);
        ok.ShouldBe(problems is null);
        return (query, problems?.ToString() ?? "");
    }

    [Fact]
    public void A_plain_query_is_bounded_in_time_and_written_anew()
    {
        var (query, problems) = Check("""{"query":{"term":{"DownstreamStatus":404}},"size":5}""");
        problems.ShouldBeEmpty();
        query!.Index.ShouldBe("traefik-logs-*");
        query.Notes.ShouldHaveSingleItem().ShouldContain("2026-11-20T09:00:00.000Z");
        using var json = JsonDocument.Parse(query.Body);
        json.RootElement.GetProperty("timeout").GetString().ShouldBe("10s");
        var clauses = json.RootElement.GetProperty("query").GetProperty("bool");
        clauses.GetProperty("must")[0].GetProperty("term").GetProperty("DownstreamStatus").GetProperty("value").GetInt32().ShouldBe(404);
        clauses.GetProperty("filter")[0].GetProperty("range").GetProperty("@timestamp").GetProperty("lte").GetInt64().ShouldBe(Newest.ToUnixTimeMilliseconds());
    }

    [Theory]
    [InlineData("traefik-logs-2026.11.21")]
    [InlineData("traefik-logs-2026.11.*,traefik-logs-raw")]
    public void Indexes_within_the_pattern_are_taken(string index) => Check("{}", index).Problems.ShouldBeEmpty();

    [Theory]
    [InlineData("secrets")]
    [InlineData("traefik-*")]
    [InlineData("*")]
    [InlineData("_all")]
    [InlineData("traefik-logs-a,secrets")]
    [InlineData("traefik-logs-*,-traefik-logs-b")]
    [InlineData("other:traefik-logs-*")]
    [InlineData("<traefik-logs-{now/d}>")]
    [InlineData("traefik-logs-a/_search?q=x")]
    [InlineData("traefik*logs-a")]
    public void Other_indexes_are_refused(string index) => Check("{}", index).Problems.ShouldContain("is not within [traefik-logs-*]");

    [Theory]
    [InlineData("""{"query":{"script":{"script":"true"}}}""", "[script]")]
    [InlineData("""{"query":{"bool":{"filter":[{"script_score":{}}]}}}""", "[script_score]")]
    [InlineData("""{"script_fields":{"a":{"script":"1"}}}""", "[script_fields]")]
    [InlineData("""{"runtime_mappings":{"a":{"type":"keyword"}}}""", "[runtime_mappings]")]
    [InlineData("""{"aggs":{"a":{"terms":{"script":"1"}}}}""", "[script]")]
    [InlineData("""{"aggs":{"a":{"scripted_metric":{}}}}""", "[scripted_metric]")]
    [InlineData("""{"sort":{"_script":{"type":"number","script":"1"}}}""", "_script")]
    [InlineData("""{"query":{"terms":{"source.ip":{"index":"secrets","id":"1","path":"ip"}}}}""", "[terms lookup]")]
    [InlineData("""{"query":{"percolate":{"field":"q"}}}""", "[percolate]")]
    [InlineData("""{"query":{"wrapper":{"query":"e30="}}}""", "[wrapper]")]
    [InlineData("""{"suggest":{}}""", "[suggest]")]
    [InlineData("""{"profile":true}""", "[profile]")]
    [InlineData("""{"pit":{"id":"x"}}""", "[pit]")]
    public void Scripts_runtime_fields_and_lookups_are_refused_by_name(string body, string name) => Check(body).Problems.ShouldContain(name);

    [Theory]
    [InlineData("""{"from":990,"size":50}""", "at most 1000")]
    [InlineData("""{"aggs":{"a":{"terms":{"field":"source.ip","size":5000},"aggs":{"b":{"terms":{"field":"RequestPath.keyword","size":100}}}}}}""", "buckets; at most 10000")]
    [InlineData("""{"aggs":{"a":{"date_histogram":{"field":"@timestamp","fixed_interval":"1ms"}}}}""", "buckets; at most 10000")]
    [InlineData("""{"aggs":{"a":{"top_hits":{"size":100}}}}""", "top_hits")]
    [InlineData("""{"aggs":{"a":{"global":{}}}}""", "[global]")]
    [InlineData("""{"aggs":{"a":{"filter":{"match_all":{}},"aggs":{"b":{"filter":{"match_all":{}},"aggs":{"c":{"filter":{"match_all":{}},"aggs":{"d":{"filter":{"match_all":{}},"aggs":{"e":{"max":{"field":"DownstreamStatus"}}}}}}}}}}}}""", "levels deep")]
    public void Size_and_buckets_are_bounded(string body, string what) => Check(body).Problems.ShouldContain(what);

    [Fact]
    public void A_huge_size_is_cut_and_said()
    {
        var (query, _) = Check("""{"size":1000}""");
        query!.Request.Size.ShouldBe(100);
        query.Notes.ShouldContain(static n => n.Contains("at most 100 rows"));
    }

    [Fact]
    public void Deep_and_wide_queries_are_refused()
    {
        var deep = """{"match_all":{}}""";
        for (var i = 0; i < 20; i++)
        {
            deep = "{\"bool\":{\"filter\":[" + deep + "]}}";
        }

        Check("{\"query\":" + deep + "}").Problems.ShouldContain("within each other; at most 12");
        for (var i = 0; i < 40; i++)
        {
            deep = "{\"constant_score\":{\"filter\":" + deep + "}}";
        }

        Check("{\"query\":" + deep + "}").Problems.ShouldNotBeEmpty();
        var wide = string.Join(',', Enumerable.Repeat("""{"term":{"DownstreamStatus":1}}""", 200));
        Check("{\"query\":{\"bool\":{\"should\":[" + wide + "]}}}").Problems.ShouldContain("clauses; at most 100");
        var values = string.Join(',', Enumerable.Range(0, 2000));
        Check("{\"query\":{\"terms\":{\"DownstreamStatus\":[" + values + "]}}}").Problems.ShouldContain("values in one query");
        Check(new string(' ', 70_000)).Problems.ShouldContain("bytes long");
    }

    [Theory]
    [InlineData("(a+)+b")]
    [InlineData("(.*)*x")]
    [InlineData("a{1000}")]
    [InlineData(".*.*.*.*.*.*.*x")]
    [InlineData("((a{2,60}){2,60}){2,60}")]
    public void Regular_expressions_that_explode_are_refused(string pattern) =>
        Check("{\"query\":{\"regexp\":{\"RequestPath.keyword\":" + JsonSerializer.Serialize(pattern) + "}}}").Problems.ShouldContain("costs too much");

    [Fact]
    public void Plain_patterns_are_taken() => Check("""{"query":{"bool":{"should":[{"wildcard":{"RequestPath.keyword":"*/.env*"}},{"regexp":{"RequestPath.keyword":".*(git|env)"}}]}}}""").Problems.ShouldBeEmpty();

    [Theory]
    [InlineData("""{"query":{"term":{"client_ip":"203.0.113.7"}}}""", "[client_ip] isn't mapped: use [source.ip] or [ClientHost.keyword]")]
    [InlineData("""{"query":{"term":{"status":404}}}""", "use [DownstreamStatus]")]
    [InlineData("""{"query":{"term":{"RequestPth.keyword":"/"}}}""", "use [RequestPath.keyword]")]
    [InlineData("""{"query":{"query_string":{"query":"statuscode:404 AND source.ip:203.0.113.7"}}}""", "use [DownstreamStatus]")]
    [InlineData("""{"query":{"term":{"ClientHost":"203.0.113.7"}}}""", "[ClientHost] is text, kept as single lower-case words, so an exact value finds nothing: use [ClientHost.keyword]")]
    [InlineData("""{"aggs":{"a":{"terms":{"field":"RequestPath"}}}}""", "can't be aggregated or sorted: use [RequestPath.keyword]")]
    [InlineData("""{"sort":["RequestPath"]}""", "can't be aggregated or sorted: use [RequestPath.keyword]")]
    [InlineData("""{"query":{"wildcard":{"RequestPath":"*/.env*"}}}""", "use [RequestPath.keyword]")]
    public void Wrong_fields_are_answered_with_the_right_one(string body, string told) => Check(body).Problems.ShouldContain(told);

    [Fact]
    public void Words_of_a_text_may_be_matched() => Check("""{"query":{"match":{"RequestPath":"env"}}}""").Problems.ShouldBeEmpty();

    [Fact]
    public void Time_is_cut_to_the_span_and_never_widened()
    {
        var (wide, _) = Check("""{"query":{"range":{"@timestamp":{"gte":"now-30d","lt":"now"}}}}""");
        wide!.Notes.ShouldNotBeEmpty();
        Bounds(wide).ShouldBe((Newest.AddDays(-1).AddMilliseconds(-1), Newest.AddMilliseconds(-1)));
        var (narrow, _) = Check("""{"query":{"bool":{"filter":[{"range":{"@timestamp":{"gte":"2026-11-21T08:00:00Z","lte":"2026-11-21T08:30:00Z"}}}]}}}""");
        narrow!.Notes.ShouldBeEmpty();
        Bounds(narrow).ShouldBe((Newest.AddHours(-1), Newest.AddMinutes(-30).AddMilliseconds(999)), "lte takes in the whole second");
        var (should, _) = Check("""{"query":{"bool":{"should":[{"range":{"@timestamp":{"gte":"now-1m"}}}]}}}""");
        Bounds(should!).ShouldBe((Newest.AddDays(-1), Newest), "an optional clause bounds nothing");
    }

    private static (DateTimeOffset From, DateTimeOffset To) Bounds(CheckedQuery query)
    {
        var range = (RangeQuery)((BoolQuery)query.Request.Query!).Filter[0];
        return (DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(range.From!.Value.Text, null)), DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(range.To!.Value.Text, null)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("DELETE /traefik-logs-1")]
    [InlineData("""{"query":[]}""")]
    [InlineData("""{"query":{"term":{"a":{"value":{}}}}}""")]
    [InlineData("""{"aggs":{"a":{"composite":{"sources":5}}}}""")]
    [InlineData("""{"aggs":{"a":{"range":{"field":"DownstreamStatus","ranges":{}}}}}""")]
    [InlineData("""{"size":1,"size":2}""")]
    [InlineData("""{"query":{"function_score":{"functions":3}}}""")]
    public void Garbage_never_throws(string body)
    {
        var ok = new QueryValidator("traefik-logs-*", QueryLimits.Model).TryCheck(null, Encoding.UTF8.GetBytes(body), Fields, Newest, out _, out var problems);
        ok.ShouldBe(body.Length == 0, problems?.ToString());
    }
}
