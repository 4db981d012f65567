using DevOpsAgent.App.Mcp;
using Microsoft.AspNetCore.Http;
using ModelContextProtocol.Protocol;

namespace DevOpsAgent.Tests.Mcp;

public sealed class McpRequestGuardTests
{
    private readonly McpRequestGuard _guard = new(["agent.example.org"], 8688, "right");

    [Theory]
    [InlineData("127.0.0.1:8688", 0)]
    [InlineData("LOCALHOST:8688", 0)]
    [InlineData("[::1]:8688", 0)]
    [InlineData("agent.example.org", 0)]
    [InlineData("agent.example.org:8688", 0)]
    [InlineData("127.0.0.1", 421)]
    [InlineData("127.0.0.1:80", 421)]
    [InlineData("127.0.0.1.evil.example:8688", 421)]
    [InlineData("evil.example:8688", 421)]
    [InlineData("", 421)]
    public void Only_our_own_names_are_answered(string host, int status) => Status(r => r.Host = new(host)).ShouldBe(status);

    [Theory]
    [InlineData("http://127.0.0.1:8688", 0)]
    [InlineData("http://evil.example", 403)]
    [InlineData("http://127.0.0.1:8689", 403)]
    [InlineData("null", 403)]
    public void Other_sites_are_refused(string origin, int status) => Status(r => r.Headers.Origin = origin).ShouldBe(status);

    [Theory]
    [InlineData("Bearer right", 0)]
    [InlineData("bearer right", 0)]
    [InlineData("Bearer wrong", 401)]
    [InlineData("Bearer ", 401)]
    [InlineData("Bearer rightx", 401)]
    [InlineData("right", 401)]
    [InlineData("", 401)]
    public void Only_the_token_lets_in(string authorization, int status) => Status(r => r.Headers.Authorization = authorization).ShouldBe(status);

    [Fact]
    public void Nothing_but_posts_of_JSON_to_the_one_path_is_taken()
    {
        Status(static r => r.Method = "GET").ShouldBe(405);
        Status(static r => r.Method = "DELETE").ShouldBe(405);
        Status(static r => r.Path = "/").ShouldBe(404);
        Status(static r => r.ContentType = "text/plain").ShouldBe(415);
        Status(static r => r.Headers["Sec-Fetch-Site"] = "same-site").ShouldBe(403);
    }

    [Fact]
    public void Headers_that_say_another_than_the_body_are_refused()
    {
        var call = new JsonRpcRequest { Method = "tools/call", Params = new System.Text.Json.Nodes.JsonObject { ["name"] = "block_client" } };
        var request = Request();
        McpRequestGuard.Mismatch(request, call).ShouldBeNull();
        request.Headers["Mcp-Method"] = "tools/call";
        request.Headers["Mcp-Name"] = "block_client";
        McpRequestGuard.Mismatch(request, call).ShouldBeNull();
        request.Headers["Mcp-Name"] = "get_incident";
        McpRequestGuard.Mismatch(request, call)!.Status.ShouldBe(400);
        request.Headers["Mcp-Method"] = "tools/list";
        McpRequestGuard.Mismatch(request, call)!.Status.ShouldBe(400);
    }

    private int Status(Action<HttpRequest> change)
    {
        var request = Request();
        change(request);
        return _guard.Refusal(request)?.Status ?? 0;
    }

    private static HttpRequest Request()
    {
        var request = new DefaultHttpContext().Request;
        (request.Method, request.Path, request.Host, request.ContentType) = ("POST", "/mcp", new("127.0.0.1:8688"), "application/json; charset=utf-8");
        request.Headers.Authorization = "Bearer right";
        return request;
    }
}
