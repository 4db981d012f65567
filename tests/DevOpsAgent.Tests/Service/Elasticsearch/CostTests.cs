using System.Text;
using DevOpsAgent.Tests.Logs.Elasticsearch;

namespace DevOpsAgent.Tests.Service.Elasticsearch;

/// <summary>What a look costs depends on who attacks, not on how many others there are.</summary>
public sealed class CostTests
{
    private static string Attack() => WatchedCluster.Scan(5, "203.0.113.7", 12) + string.Concat(Enumerable.Range(0, 60).Select(static i => WatchedCluster.Line(20 + (i * 0.2), "203.0.113.8", $"/backup{i}.zip")));

    /// <summary>Real counting over more and more benign events, of which some are refused, by the embedded store.</summary>
    [Fact]
    public async Task Bytes_and_requests_of_a_look_do_not_grow_with_benign_events()
    {
        var few = await LookAsync(1_000);
        var many = await LookAsync(50_000);
        TestContext.Current.SendDiagnosticMessage($"1,000 benign events: {few.Bytes} bytes in {few.Requests} answers; 50,000: {many.Bytes} bytes in {many.Requests} answers");
        many.Requests.ShouldBe(few.Requests);
        many.Bytes.ShouldBeLessThan((long)(few.Bytes * 1.02));
        many.Incidents.ShouldBe(few.Incidents);
    }

    /// <summary>
    /// The same at the sizes that can't be made in a test: a scripted cluster that has the attackers' events and tells, in
    /// the answers' own form, of so many benign ones beside them.
    /// </summary>
    [Fact]
    public async Task Bytes_of_a_look_are_the_same_beside_ten_thousand_and_a_million_benign_events()
    {
        var few = await LookAsync(0, pretended: 10_000);
        var many = await LookAsync(0, pretended: 1_000_000);
        TestContext.Current.SendDiagnosticMessage($"10,000 benign events: {few.Bytes} bytes; 1,000,000: {many.Bytes} bytes in {many.Requests} answers");
        many.Requests.ShouldBe(few.Requests);
        many.Bytes.ShouldBeLessThan((long)(few.Bytes * 1.01));
    }

    private static async Task<(long Bytes, int Requests, string Incidents)> LookAsync(int benign, int pretended = 0)
    {
        await using var cluster = await WatchedCluster.StartAsync(allRules: true);
        cluster.Ingest(Attack());
        for (var done = 0; done < benign; done += 1000)
        {
            var lines = new StringBuilder();
            for (var i = done; i < done + 1000; i++)
            {
                // Five in a hundred are refused; each client has at most a few.
                lines.Append(WatchedCluster.Line(i * (60.0 / benign), $"198.{18 + (i % 2)}.{i / 250 % 250}.{i % 250}", $"/products/{i % 500}?page={i % 7}", i % 20 == 0 ? 404 : 200));
            }

            cluster.Ingest(lines.ToString());
        }

        if (pretended > 0)
        {
            cluster.Fault = call => cluster.Answer(call) is var answer && call.Path != "/" ? answer with
            {
                Body = answer.Body.Replace("\"sum_other_doc_count\":0", $"\"sum_other_doc_count\":{pretended / 20}", StringComparison.Ordinal).Replace("\"interval\":{\"doc_count\":0", $"\"interval\":{{\"doc_count\":{pretended}", StringComparison.Ordinal),
            } : null;
        }

        cluster.Time.Advance(TimeSpan.FromMinutes(3));
        await cluster.LookAsync();
        cluster.Incidents.Count.ShouldBe(2);
        return (cluster.Watch.BytesOverWire, cluster.Server.Calls.Count, string.Join("; ", cluster.Incidents));
    }
}
