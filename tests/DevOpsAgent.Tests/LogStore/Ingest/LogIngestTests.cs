using System.Text;
using System.Text.Json;
using DevOpsAgent.Logs;
using DevOpsAgent.LogStore;
using DevOpsAgent.LogStore.Api;
using DevOpsAgent.LogStore.Ingest;

namespace DevOpsAgent.Tests.LogStore.Ingest;

public sealed class LogIngestTests
{
    private const string Json = """{"ClientAddr":"198.51.100.77:53140","ClientHost":"198.51.100.77","DownstreamStatus":404,"Duration":6896124,"GzipRatio":0,"RequestCount":1,"RequestHost":"shop.example.com","RequestMethod":"GET","RequestPath":"/.env","RouterName":"shop@file","StartLocal":"2026-11-21T08:22:55.334755647+01:00","StartUTC":"2026-11-21T07:22:55.334755647Z","entryPointName":"web","level":"info","msg":"","request_User-Agent":"curl/8","time":"2026-11-21T07:22:55Z"}""";
    private const string Clf = """203.0.113.74 - - [22/Nov/2026:07:27:49 +0000] "GET /wp-login.php HTTP/1.1" 404 902 "-" "Mozilla/5.0" 5 "blog@file" "http://127.0.0.1:9003" 1ms""";

    private static JsonElement Search(IndexCatalog catalog, string body) =>
        JsonDocument.Parse(new ElasticApi(catalog, TimeProvider.System).Handle(new("POST", "/traefik-logs-*/_search", Encoding.UTF8.GetBytes(body))).Body).RootElement;

    [Fact]
    public void Json_and_clf_lines_are_found_by_one_query()
    {
        using var catalog = new IndexCatalog();
        var ingest = new LogIngest(catalog, null, "traefik-logs", ClientResolver.Direct);
        ingest.Add(Encoding.UTF8.GetBytes($"{Json}\nnot a request\n{Clf}\r\n"));
        (ingest.Lines, ingest.Documents, ingest.Skipped).ShouldBe((3, 2, 1));
        catalog.Indexes.Keys.ShouldBe(["traefik-logs-2026.11.21", "traefik-logs-2026.11.22"]);
        var found = Search(catalog, """{"query":{"bool":{"filter":[{"term":{"DownstreamStatus":404}},{"terms":{"source.ip":["198.51.100.0/24","203.0.113.74"]}}]}},"sort":["@timestamp"]}""");
        found.GetProperty("hits").GetProperty("hits").EnumerateArray().Select(static h => h.GetProperty("_source").GetProperty("RequestPath").GetString()).ShouldBe(["/.env", "/wp-login.php"]);
        found.GetProperty("hits").GetProperty("hits")[0].GetProperty("sort")[0].GetInt64().ShouldBe(1795245775334);
    }

    [Fact]
    public void The_line_comes_back_byte_for_byte()
    {
        using var catalog = new IndexCatalog();
        new LogIngest(catalog, null, "traefik-logs", ClientResolver.Direct).Add(Encoding.UTF8.GetBytes(Json));
        Search(catalog, "{}").GetProperty("hits").GetProperty("hits")[0].GetProperty("_source").GetRawText()
            .ShouldBe("""{"@timestamp":"2026-11-21T07:22:55.334Z","source.ip":"198.51.100.77",""" + Json[1..]);
    }

    [Fact]
    public void Ids_are_made_of_the_sequence_and_found_again()
    {
        using var catalog = new IndexCatalog();
        new LogIngest(catalog, null, "traefik-logs", ClientResolver.Direct).Add(Encoding.UTF8.GetBytes($"{Json}\n{Json}\n"));
        var ids = Search(catalog, "{}").GetProperty("hits").GetProperty("hits").EnumerateArray().Select(static h => h.GetProperty("_id").GetString()!).ToList();
        ids.ShouldBe(["log-0", "log-1"]);
        Search(catalog, """{"query":{"ids":{"values":["log-1","log-7"]}}}""").GetProperty("hits").GetProperty("total").GetProperty("value").GetInt32().ShouldBe(1);
        new ElasticApi(catalog, TimeProvider.System).Handle(new("GET", "/traefik-logs-2026.11.21/_doc/log-1")).Status.ShouldBe(200);
    }

    [Fact]
    public void A_value_of_another_type_costs_one_line_only()
    {
        using var catalog = new IndexCatalog();
        var ingest = new LogIngest(catalog, null, "traefik-logs", ClientResolver.Direct);
        ingest.Add(Encoding.UTF8.GetBytes(Json + "\n" + Json.Replace("\"GzipRatio\":0", "\"GzipRatio\":{\"x\":1}", StringComparison.Ordinal) + "\n" + Json.Replace("\"GzipRatio\":0", "\"GzipRatio\":2.5", StringComparison.Ordinal)));
        (ingest.Documents, ingest.Skipped).ShouldBe((2, 1));
        Search(catalog, """{"size":0,"aggs":{"m":{"max":{"field":"GzipRatio"}}}}""").GetProperty("aggregations").GetProperty("m").GetProperty("value").GetDouble().ShouldBe(2.5);
    }
}
