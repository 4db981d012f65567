using System.Net.Http.Json;
using System.Text.Json;

namespace DevOpsAgent.EndToEnd;

/// <summary>The service with --es-listen: what it reads is found by Elasticsearch queries, and again after a restart.</summary>
[Collection(ProcessTests.Name)]
public sealed class LogStoreTests
{
    [Fact]
    public async Task What_the_service_reads_is_answered_over_http_and_kept()
    {
        await using var rig = new AgentRig();
        rig.Append(LogLine.Visits("198.51.100.4", 50, AgentRig.Now));
        using var http = new HttpClient();
        var agent = await rig.StartAsync("--es-listen", "127.0.0.1:0");
        var address = Address(await agent.WaitForAsync("answers Elasticsearch queries"));
        await Eventually.Some(() => CountAsync(http, address).GetAwaiter().GetResult() == 50 ? "all" : null, "50 events in the store");
        agent.Signal(AgentProcess.SigTerm);
        (await agent.ExitAsync()).ShouldBe(0);

        var again = await rig.StartAsync("--es-listen", "127.0.0.1:0");
        (await CountAsync(http, Address(await again.WaitForAsync("answers Elasticsearch queries")))).ShouldBe(50);
    }

    private static Uri Address(string line) => new(line.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).First(static w => w.StartsWith("http://", StringComparison.Ordinal)));

    private static async Task<int> CountAsync(HttpClient http, Uri address)
    {
        using var answer = await http.PostAsJsonAsync(new Uri(address, "/traefik-logs-*/_count"), new { query = new { term = new Dictionary<string, string>(StringComparer.Ordinal) { ["source.ip"] = "198.51.100.0/24" } } }, TestContext.Current.CancellationToken);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("count").GetInt32();
    }
}
