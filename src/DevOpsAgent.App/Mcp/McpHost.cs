using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using DevOpsAgent.App.Cli;
using DevOpsAgent.Configuration;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Net.Http.Headers;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace DevOpsAgent.App.Mcp;

/// <summary>
/// The tools over HTTP: MCP's streamable transport, each POST by itself (no sessions, nothing that the server sends unasked), at /mcp.
/// The package's own part for ASP.NET isn't used: what is needed of it is this.
/// </summary>
internal sealed class McpHost : IAsyncDisposable
{
    public const string Path = "/mcp";
    private const long MaxBody = 1 << 20;

    private readonly WebApplication _app;

    private McpHost(WebApplication app, Uri address)
    {
        _app = app;
        Address = address;
    }

    /// <summary>With the real port where 0 was asked for.</summary>
    public Uri Address { get; }

    /// <exception cref="CommandException">The address can't be used.</exception>
    public static async Task<McpHost> StartAsync(McpConfig config, string token, McpServerOptions options, CancellationToken cancellationToken)
    {
        var endpoint = IPEndPoint.Parse(config.Listen!);
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 64;
            kestrel.Limits.MaxRequestBodySize = MaxBody;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Listen(endpoint, static l => l.Protocols = HttpProtocols.Http1);
        });
        var app = builder.Build();
        McpRequestGuard? guard = null;
        app.Run(context =>
        {
            guard ??= new(config.AllowedHosts, context.Connection.LocalPort, token);
            return AnswerAsync(context, guard, options);
        });
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await app.DisposeAsync();
            throw CommandException.Dependency($"cannot listen on {config.Listen}: {e.Message}", "Stop what uses the port, or choose another with --listen.");
        }

        var root = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
        return new(app, new(root.TrimEnd('/') + Path));
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _app.StopAsync(limit.Token);
        await _app.DisposeAsync();
    }

    private static async Task AnswerAsync(HttpContext context, McpRequestGuard guard, McpServerOptions options)
    {
        var response = context.Response;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        if (guard.Refusal(context.Request) is { } refusal)
        {
            await RefuseAsync(response, refusal);
            return;
        }

        JsonRpcMessage? message;
        try
        {
            message = await JsonSerializer.DeserializeAsync<JsonRpcMessage>(context.Request.Body, McpJsonUtilities.DefaultOptions, context.RequestAborted);
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException e)
        {
            await RefuseAsync(response, new(e.StatusCode, (int)McpErrorCode.InvalidRequest, "The body is too large, or not as announced."));
            return;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NotSupportedException)
        {
            message = null;
        }

        if (message is null)
        {
            await RefuseAsync(response, new(400, (int)McpErrorCode.ParseError, "The body must be one JSON-RPC message."));
        }
        else if (McpRequestGuard.Mismatch(context.Request, message) is { } mismatch)
        {
            await RefuseAsync(response, mismatch);
        }
        else
        {
            await ExchangeAsync(context, message, options);
        }
    }

    private static async Task ExchangeAsync(HttpContext context, JsonRpcMessage message, McpServerOptions options)
    {
        var stop = context.RequestAborted;
        await using var transport = new StreamableHttpServerTransport { Stateless = true };
        await using var server = McpServer.Create(transport, options);
        var running = server.RunAsync(stop);
        try
        {
            context.Response.ContentType = "text/event-stream";
            if (!await transport.HandlePostRequestAsync(message, context.Response.Body, stop))
            {
                context.Response.ContentType = null;
                context.Response.StatusCode = StatusCodes.Status202Accepted;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The client went away.
        }
        finally
        {
            await transport.DisposeAsync();
            await Task.WhenAny(running);
        }
    }

    private static Task RefuseAsync(HttpResponse response, HttpRefusal refusal)
    {
        response.StatusCode = refusal.Status;
        response.ContentType = "application/json";
        switch (refusal.Status)
        {
            case 401:
                response.Headers[HeaderNames.WWWAuthenticate] = "Bearer";
                break;
            case 405:
                response.Headers[HeaderNames.Allow] = "POST";
                break;
        }

        var error = new JsonRpcError { Id = default, Error = new() { Code = refusal.Code, Message = refusal.Text } };
        return response.WriteAsync(JsonSerializer.Serialize<JsonRpcMessage>(error, McpJsonUtilities.DefaultOptions));
    }

    /// <summary>Signals are the command line's business.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

/// <param name="Code">JSON-RPC's.</param>
internal sealed record HttpRefusal(int Status, int Code, string Text);
