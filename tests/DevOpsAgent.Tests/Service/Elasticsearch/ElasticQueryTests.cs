using DevOpsAgent.Guards;
using DevOpsAgent.Logs.Elasticsearch;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.Service;
using DevOpsAgent.Tests.Logs.Elasticsearch;

namespace DevOpsAgent.Tests.Service.Elasticsearch;

/// <summary>Checked queries put to Elasticsearch: what is refused never leaves, what has gaps says so.</summary>
public sealed class ElasticQueryTests
{
    private static async Task<(ToolResult Result, IReadOnlyList<ScriptedCall> Calls)> AskAsync(string query, string? index = null, Func<ScriptedCall, ScriptedAnswer?>? fault = null)
    {
        await using var cluster = await WatchedCluster.StartAsync();
        cluster.Ingest(WatchedCluster.Scan(0, "203.0.113.7", 12));
        cluster.Fault = fault ?? cluster.Fault;
        using var client = new ElasticClient(ElasticOptions.Of(cluster.Config) with { Tries = 1 }, TimeProvider.System);
        var result = await new QueryLogsTool(new ElasticLogs(client, "traefik-logs-*", TimeProvider.System), QueryLimits.Model).AnswerAsync(new(index, query), TestContext.Current.CancellationToken);
        return (result, cluster.Server.Calls);
    }

    [Fact]
    public async Task A_query_is_answered_and_is_our_own_text()
    {
        var (result, calls) = await AskAsync("""{"query":{"term":{"ClientHost.keyword":"203.0.113.7"}},"size":1}""");
        result.Succeeded.ShouldBeTrue(result.Text);
        result.Output!.Value.GetProperty("hits").GetProperty("total").GetProperty("value").GetInt32().ShouldBe(12);
        calls.Count(static c => c.Path == "/traefik-logs-*/_search" && c.Body.Contains("203.0.113.7", StringComparison.Ordinal) && c.Body.Contains("timeout", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Theory]
    [InlineData("""{"query":{"term":{"ClientHost":"203.0.113.7"}}}""", null, "[ClientHost.keyword]")]
    [InlineData("""{"query":{"script":{"script":"1"}}}""", null, "script")]
    [InlineData("""{}""", "secrets", "not within")]
    [InlineData("""{"runtime_mappings":{"a":{"type":"long"}}}""", null, "runtime_mappings")]
    public async Task What_may_not_be_asked_never_leaves(string query, string? index, string words)
    {
        var (result, calls) = await AskAsync(query, index);
        result.Succeeded.ShouldBeFalse();
        result.Text.ShouldContain(words);
        calls.ShouldAllBe(static c => !c.Body.Contains("script", StringComparison.Ordinal) && !c.Body.Contains("runtime", StringComparison.Ordinal) && !c.Path.Contains("secrets", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_result_with_gaps_is_given_and_said()
    {
        var (result, _) = await AskAsync("{}", fault: static call => call.Path.EndsWith("_search", StringComparison.Ordinal) && !call.Body.Contains("newest", StringComparison.Ordinal)
            ? new("""{"took":1,"timed_out":true,"_shards":{"total":4,"successful":3,"failed":1},"hits":{"total":{"value":1,"relation":"eq"},"hits":[]}}""") : null);
        result.Succeeded.ShouldBeTrue();
        result.Text.ShouldContain("1 of 4 shards failed");
        result.Text.ShouldContain("ran out of time");
    }

    [Fact]
    public async Task A_cluster_that_refuses_or_is_down_is_a_result_and_no_exception()
    {
        (await AskAsync("{}", fault: static _ => new("""{"error":{"type":"security_exception","reason":"missing credentials"}}""", 401))).Result.Text.ShouldContain("refuses the credentials");
        (await AskAsync("{}", fault: static _ => new("") { Abort = true })).Result.Text.ShouldContain("can't be reached");
    }
}
