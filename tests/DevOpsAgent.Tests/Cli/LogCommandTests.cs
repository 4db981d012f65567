using System.Text.Json;
using DevOpsAgent.App.Cli;

namespace DevOpsAgent.Tests.Cli;

public sealed class LogCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("logs-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Log()
    {
        var file = Path.Combine(_folder, "access.log");
        File.WriteAllLines(file, Enumerable.Range(0, 20).Select(static i =>
            $$"""{"ClientHost":"203.0.113.{{i % 3}}","DownstreamStatus":{{(i % 2 == 0 ? 404 : 200)}},"Duration":1,"RequestHost":"h","RequestMethod":"GET","RequestPath":"/p{{i}}\u001b[31m","StartUTC":"2026-11-21T07:{{i:D2}}:00Z","request_User-Agent":"curl"}"""));
        return file;
    }

    [Fact]
    public async Task A_query_in_dsl_is_answered_as_json()
    {
        var (exit, text, error) = await TestTerminal.RunAsync(TestTerminal.Of(), "logs", "query", """{"size":0,"query":{"term":{"DownstreamStatus":404}},"aggs":{"c":{"terms":{"field":"source.ip"}}}}""", "--log", Log(), "--json");
        exit.ShouldBe(ExitCode.Fine, error);
        var answer = JsonDocument.Parse(text).RootElement;
        answer.GetProperty("hits").GetProperty("total").GetProperty("value").GetInt32().ShouldBe(10);
        answer.GetProperty("aggregations").GetProperty("c").GetProperty("buckets").GetArrayLength().ShouldBe(3);
    }

    [Fact]
    public async Task Lucene_text_is_answered_as_a_table_with_safe_text()
    {
        var (exit, text, error) = await TestTerminal.RunAsync(TestTerminal.Of(), "logs", "query", "DownstreamStatus:404 AND source.ip:203.0.113.0", "--log", Log());
        exit.ShouldBe(ExitCode.Fine, error);
        text.ShouldContain("4 events");
        text.ShouldContain("/p0");
        text.ShouldNotContain("\u001b");
    }

    [Fact]
    public async Task A_query_comes_from_a_file_and_from_standard_input()
    {
        var file = Path.Combine(_folder, "query.json");
        await File.WriteAllTextAsync(file, """{"size":1}""", TestContext.Current.CancellationToken);
        (await TestTerminal.RunAsync(TestTerminal.Of(), "logs", "query", "-f", file, "--log", Log())).Exit.ShouldBe(ExitCode.Fine);
        var terminal = TestTerminal.Of() with { In = new StringReader("""{"size":1}""") };
        (await TestTerminal.RunAsync(terminal, "logs", "query", "-", "--log", Log())).Out.ShouldContain("20 events");
    }

    [Fact]
    public async Task What_was_read_into_a_store_is_found_without_the_files()
    {
        var store = Path.Combine(_folder, "store");
        var (exit, text, error) = await TestTerminal.RunAsync(TestTerminal.Of(), "logs", "ingest", "--log", Log(), "--store", store);
        exit.ShouldBe(ExitCode.Fine, error);
        text.ShouldBe("traefik-logs-2026.11.21: 20 events\n");
        (await TestTerminal.RunAsync(TestTerminal.Of(), "logs", "query", "*", "--store", store)).Out.ShouldContain("20 events");
    }

    [Theory]
    [InlineData("""{"query":{"term":{"status":404}}}""", "use [DownstreamStatus]")]
    [InlineData("""{"query":{"script":{}}}""", "[script] is not supported")]
    [InlineData("""{"aggs":{"a":{"terms":{"field":"RequestPath"}}}}""", "use [RequestPath.keyword]")]
    [InlineData("""{"query":""", "end of")]
    [InlineData("""DownstreamStatus:[400 TO""", "Failed to parse query")]
    public async Task A_wrong_query_is_told_what_to_write(string query, string told)
    {
        var (exit, text, error) = await TestTerminal.RunAsync(TestTerminal.Of(), "logs", "query", query, "--log", Log());
        exit.ShouldBe(ExitCode.Usage);
        text.ShouldBeEmpty();
        error.ShouldContain(told);
    }

    [Fact]
    public async Task Without_a_log_or_a_query_it_says_so()
    {
        (await TestTerminal.RunAsync(TestTerminal.Of(), "logs", "query", "*")).Error.ShouldContain("--store");
        (await TestTerminal.RunAsync(TestTerminal.Of(), "logs", "query", "--log", Log())).Error.ShouldContain("There is no query");
        (await TestTerminal.RunAsync(TestTerminal.Of(), "logs", "query", "*", "--log", Path.Combine(_folder, "nope.log"))).Exit.ShouldBe(ExitCode.Dependency);
    }
}
