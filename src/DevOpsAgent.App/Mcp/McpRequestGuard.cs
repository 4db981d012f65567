using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace DevOpsAgent.App.Mcp;

/// <summary>Who may ask over HTTP: programs that know the token. Each check below stops one way around that.</summary>
internal sealed class McpRequestGuard
{
    private const int Refused = (int)McpErrorCode.InvalidRequest;

    private readonly HashSet<string> _hosts;
    private readonly byte[] _token;

    public McpRequestGuard(IReadOnlyList<string> allowedHosts, int port, string token)
    {
        _token = Hash(token);
        _hosts = new(StringComparer.OrdinalIgnoreCase);
        foreach (var name in (string[])["localhost", "127.0.0.1", "[::1]", .. allowedHosts])
        {
            _hosts.Add($"{name}:{port}");
        }

        _hosts.UnionWith(allowedHosts);
    }

    /// <summary>Null: it may go on.</summary>
    public HttpRefusal? Refusal(HttpRequest request)
    {
        // Attack: DNS rebinding. A hostile site's name is re-pointed to 127.0.0.1, so that its script in somebody's browser may
        // read our answers. Its requests carry its name in Host.
        var host = request.Host.Value ?? "";
        if (!_hosts.Contains(host))
        {
            return new(421, Refused, "The Host header names no address of this server. Use its loopback address, or add the name to mcp.allowed_hosts.");
        }

        // Attack: a page of another site sends requests with somebody's browser. Programs send no Origin.
        var origin = request.Headers.Origin.ToString();
        var foreign = origin.Length > 0 && !(Uri.TryCreate(origin, UriKind.Absolute, out var from) && string.Equals(from.Authority, host, StringComparison.OrdinalIgnoreCase));
        if (foreign || request.Headers["Sec-Fetch-Site"].ToString() is not ("" or "same-origin" or "none"))
        {
            return new(403, Refused, "The request comes from another site.");
        }

        if (request.Path != McpHost.Path)
        {
            return new(404, Refused, $"There is nothing at this address. The tools are at {McpHost.Path}.");
        }

        // Compared as hashes: the time tells nothing about how much of the token was right.
        var given = request.Headers.Authorization.ToString();
        if (!given.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) || !CryptographicOperations.FixedTimeEquals(Hash(given["Bearer ".Length..].Trim()), _token))
        {
            return new(401, Refused, "Send the token: Authorization: Bearer TOKEN. It is mcp.token, or what the server showed at its start.");
        }

        if (!HttpMethods.IsPost(request.Method))
        {
            return new(405, Refused, "Only POST is taken: there are no sessions, and nothing is sent unasked.");
        }

        // Attack: a form of another site can post text/plain without asking first.
        return request.HasJsonContentType() ? null : new(415, Refused, "The content type must be application/json.");
    }

    /// <summary>Attack: what stands before us lets a call pass by what its headers say, and its body says another.</summary>
    public static HttpRefusal? Mismatch(HttpRequest request, JsonRpcMessage message)
    {
        var method = message switch { JsonRpcRequest asked => asked.Method, JsonRpcNotification told => told.Method, _ => null };
        var name = message is JsonRpcRequest { Method: "tools/call" } call ? (call.Params as System.Text.Json.Nodes.JsonObject)?["name"]?.ToString() : null;
        return Differs("Mcp-Method", method) ?? Differs("Mcp-Name", name);

        HttpRefusal? Differs(string header, string? value) => request.Headers[header] is { Count: > 0 } said && value is not null && said.ToString() != value
            ? new(400, (int)McpErrorCode.HeaderMismatch, $"The header {header} and the body differ.")
            : null;
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
