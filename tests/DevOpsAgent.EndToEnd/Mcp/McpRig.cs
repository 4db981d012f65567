using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace DevOpsAgent.EndToEnd.Mcp;

/// <summary>The package's client on the real program.</summary>
internal static class McpRig
{
    public static Task<McpClient> StdioAsync(AgentRig rig, params string[] arguments) => McpClient.CreateAsync(
        new StdioClientTransport(new()
        {
            Name = "devops-agent",
            Command = "dotnet",
            Arguments = [Path.Combine(AppContext.BaseDirectory, "devops-agent.dll"), "mcp", "--config", rig.Config, .. arguments],
        }),
        cancellationToken: TestContext.Current.CancellationToken);

    /// <param name="version">Null: the newest that both know.</param>
    public static Task<McpClient> HttpAsync(Uri address, string token, string? version = null) => McpClient.CreateAsync(
        new HttpClientTransport(new() { Endpoint = address, TransportMode = HttpTransportMode.StreamableHttp, AdditionalHeaders = new Dictionary<string, string> { ["Authorization"] = $"Bearer {token}" } }),
        new() { ProtocolVersion = version },
        cancellationToken: TestContext.Current.CancellationToken);

    public static async Task<CallToolResult> CallAsync(McpClient client, string tool, Dictionary<string, object?> arguments) =>
        await client.CallToolAsync(tool, arguments, cancellationToken: TestContext.Current.CancellationToken);

    public static string TextOf(CallToolResult result) => string.Concat(result.Content.OfType<TextContentBlock>().Select(static c => c.Text));
}
