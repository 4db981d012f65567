using System.Net;
using System.Text;
using ModelContextProtocol.Client;

namespace DevOpsAgent.EndToEnd.Mcp;

/// <summary>The package's own client, and hostile requests, against the real program over HTTP.</summary>
public sealed class McpHttpTests
{
    private const string Token = "t0ken-of-the-test";
    private const string List = """{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}""";

    private static readonly Dictionary<string, string> Variables = new(StringComparer.Ordinal) { ["DEVOPS_AGENT_MCP_TOKEN"] = Token };

    [Theory]
    [InlineData(null)]
    [InlineData("2025-11-25")]
    [InlineData("2025-03-26")]
    public async Task A_client_lists_and_calls(string? version)
    {
        await using var rig = new AgentRig(mode: "review");
        await using var server = AgentProcess.Start(["mcp", "--config", rig.Config, "--listen", "127.0.0.1:0"], Variables);
        var address = await AddressAsync(server);
        server.Errors.ShouldNotContain(Token);
        await using var mcp = await McpRig.HttpAsync(address, Token, version);
        (await mcp.ListToolsAsync(cancellationToken: TestContext.Current.CancellationToken)).Count.ShouldBe(5);
        (await McpRig.CallAsync(mcp, "check_allowlist", new() { ["address"] = "203.0.113.7" })).IsError.ShouldNotBe(true);
        var denied = await McpRig.CallAsync(mcp, "block_client", new() { ["range"] = "203.0.113.7", ["reason"] = "x" });
        denied.IsError.ShouldBe(true);
        McpRig.TextOf(denied).ShouldContain("There is no tool of this name");

        // Side by side, each answer to its own call.
        var many = await Task.WhenAll(Enumerable.Range(1, 20).Select(i => McpRig.CallAsync(mcp, "check_allowlist", new() { ["address"] = $"203.0.113.{i}" })));
        for (var i = 1; i <= many.Length; i++)
        {
            McpRig.TextOf(many[i - 1]).ShouldContain($"203.0.113.{i} is not on the allowlist");
        }

        server.Signal(AgentProcess.SigTerm);
        (await server.ExitAsync()).ShouldBe(0, server.Errors);
        (await rig.JsonAsync("receipts", "list")).GetRawText().ShouldContain("mcp http");
    }

    [Fact]
    public async Task A_token_is_drawn_where_none_is_set()
    {
        await using var rig = new AgentRig(mode: "review");
        await using var server = AgentProcess.Start(["mcp", "--config", rig.Config, "--listen", "127.0.0.1:0"]);
        var address = await AddressAsync(server);
        var token = server.Errors.Split("the token ")[1].Split(';')[0];
        token.Length.ShouldBe(32);
        await using var mcp = await McpRig.HttpAsync(address, token);
        (await mcp.ListToolsAsync(cancellationToken: TestContext.Current.CancellationToken)).Count.ShouldBe(5);
    }

    [Fact]
    public async Task Other_sites_other_names_and_strangers_are_refused()
    {
        await using var rig = new AgentRig(mode: "review");
        await using var server = AgentProcess.Start(["mcp", "--config", rig.Config, "--listen", "127.0.0.1:0"], Variables);
        var address = await AddressAsync(server);
        using var http = new HttpClient();

        (await SendAsync()).ShouldBe(HttpStatusCode.OK);
        (await SendAsync(static r => r.Headers.Authorization = null)).ShouldBe(HttpStatusCode.Unauthorized);
        (await SendAsync(static r => r.Headers.Authorization = new("Bearer", Token + "x"))).ShouldBe(HttpStatusCode.Unauthorized);
        (await SendAsync(static r => r.Headers.Authorization = new("Basic", Token))).ShouldBe(HttpStatusCode.Unauthorized);
        (await SendAsync(r => r.Headers.Host = $"rebound.example:{address.Port}")).ShouldBe(HttpStatusCode.MisdirectedRequest);
        (await SendAsync(static r => r.Headers.Host = "127.0.0.1:1")).ShouldBe(HttpStatusCode.MisdirectedRequest);
        (await SendAsync(static r => r.Headers.Add("Origin", "https://evil.example"))).ShouldBe(HttpStatusCode.Forbidden);
        (await SendAsync(static r => r.Headers.Add("Origin", "null"))).ShouldBe(HttpStatusCode.Forbidden);
        (await SendAsync(static r => r.Headers.Add("Sec-Fetch-Site", "cross-site"))).ShouldBe(HttpStatusCode.Forbidden);
        (await SendAsync(static r => r.Method = HttpMethod.Get)).ShouldBe(HttpStatusCode.MethodNotAllowed);
        (await SendAsync(static r => r.RequestUri = new(r.RequestUri!, "/"))).ShouldBe(HttpStatusCode.NotFound);
        (await SendAsync(static r => r.Content = new StringContent(List, Encoding.UTF8, "text/plain"))).ShouldBe(HttpStatusCode.UnsupportedMediaType);
        (await SendAsync(static r => r.Headers.Add("Mcp-Method", "tools/call"))).ShouldBe(HttpStatusCode.BadRequest);
        foreach (var garbage in (string[])["", "{", "[]", "null", "7", "{\"jsonrpc\":\"2.0\"}", "[" + List + "]", string.Concat(Enumerable.Repeat("[", 1000)), "\u0000"])
        {
            (await SendAsync(r => r.Content = new StringContent(garbage, Encoding.UTF8, "application/json"))).ShouldBe(HttpStatusCode.BadRequest, garbage);
        }

        ((int)await SendAsync(static r => r.Content = new StringContent(new string(' ', 2 << 20), Encoding.UTF8, "application/json"))).ShouldBeOneOf(400, 413);
        (await SendAsync()).ShouldBe(HttpStatusCode.OK);

        async Task<HttpStatusCode> SendAsync(Action<HttpRequestMessage>? change = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new StringContent(List, Encoding.UTF8, "application/json") };
            request.Headers.Authorization = new("Bearer", Token);
            request.Headers.Accept.ParseAdd("application/json, text/event-stream");
            change?.Invoke(request);
            using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task An_address_that_others_reach_needs_a_token_and_names()
    {
        await using var rig = new AgentRig(mode: "review");
        var (exit, _, errors) = await AgentProcess.RunAsync(["mcp", "--config", rig.Config, "--listen", "0.0.0.0:0"]);
        exit.ShouldBe(2);
        errors.ShouldContain("mcp.token");
    }

    private static async Task<Uri> AddressAsync(AgentProcess server)
    {
        await server.WaitForAsync(" takes calls ");
        return new(server.Errors.Split('\n').First(static l => l.Contains(" takes calls ", StringComparison.Ordinal)).Split(' ')[1]);
    }
}
