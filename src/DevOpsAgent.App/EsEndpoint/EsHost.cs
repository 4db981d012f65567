using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using DevOpsAgent.App.Cli;
using DevOpsAgent.LogStore.Api;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace DevOpsAgent.App.EsEndpoint;

/// <summary>
/// The embedded store behind Elasticsearch's paths, for tools that speak them. No login: loopback only, no browser's cross-site
/// requests, and read-only.
/// </summary>
internal sealed class EsHost : IAsyncDisposable
{
    private const long MaxBody = 16L << 20;

    private readonly WebApplication _app;

    private EsHost(WebApplication app, Uri address)
    {
        _app = app;
        Address = address;
    }

    /// <summary>Where it listens, with the real port where 0 was asked for.</summary>
    public Uri Address { get; }

    /// <exception cref="CommandException">The address can't be used.</exception>
    public static async Task<EsHost> StartAsync(string listen, ElasticApi api, CancellationToken cancellationToken)
    {
        var text = listen.StartsWith("localhost:", StringComparison.OrdinalIgnoreCase) ? "127.0.0.1" + listen[9..] : listen;
        if (!text.Contains(':', StringComparison.Ordinal) || !IPEndPoint.TryParse(text, out var endpoint))
        {
            throw CommandException.Usage($"'{listen}' is not an address and port.", "Write --es-listen 127.0.0.1:9200.");
        }

        if (!IPAddress.IsLoopback(endpoint.Address))
        {
            throw CommandException.Usage($"{listen} is not loopback, and this endpoint has no login: whoever reached it could read the logs.", "Listen on 127.0.0.1, or put a proxy with a login before it.");
        }

        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 64;
            kestrel.Limits.MaxRequestBodySize = MaxBody;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Listen(endpoint, static l => l.Protocols = HttpProtocols.Http1);
        });
        var app = builder.Build();
        app.Run(context => AnswerAsync(context, api));
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await app.DisposeAsync();
            throw CommandException.Dependency($"cannot listen on {listen}: {e.Message}", "Stop what uses the port, or choose another with --es-listen.");
        }

        return new(app, new(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First()));
    }

    private static async Task AnswerAsync(HttpContext context, ElasticApi api)
    {
        // A page in somebody's browser may send requests to loopback, by a name that it made resolve to it.
        if (!IsLocal(context.Request.Host.Host) || context.Request.Headers.ContainsKey("Origin") || context.Request.Headers["Sec-Fetch-Site"] is { Count: > 0 } site && site != "none")
        {
            await WriteAsync(context, ErrorJson.Text(403, "only programs on this machine may ask here, by its loopback address"));
            return;
        }

        using var body = new MemoryStream();
        try
        {
            await ReadAsync(context.Request, body, context.RequestAborted);
        }
        catch (InvalidDataException)
        {
            await WriteAsync(context, ErrorJson.Text(400, "the body says that it is gzip, and it is not, or is more than 16 MiB unpacked"));
            return;
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException e)
        {
            await WriteAsync(context, ErrorJson.Text(e.StatusCode, e.Message));
            return;
        }

        var raw = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? context.Request.Path + context.Request.QueryString;
        var answer = await Task.Run(() => Answer(api, context.Request.Method, raw, body.ToArray(), context.Request.ContentType));
        await WriteAsync(context, answer);
    }

    private static async Task ReadAsync(HttpRequest request, MemoryStream body, CancellationToken cancellationToken)
    {
        if (request.Headers.ContentEncoding != "gzip")
        {
            await request.Body.CopyToAsync(body, cancellationToken);
            return;
        }

        await using var plain = new GZipStream(request.Body, CompressionMode.Decompress);
        var buffer = new byte[32 << 10];
        while (await plain.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            // A few kilobytes may unpack to gigabytes.
            body.Write(buffer, 0, body.Length + count <= MaxBody ? count : throw new InvalidDataException());
        }
    }

    private static ApiAnswer Answer(ElasticApi api, string method, string target, byte[] body, string? contentType)
    {
        try
        {
            return api.Handle(new(method, target, body, contentType));
        }
        catch (UriFormatException e)
        {
            return ErrorJson.Text(400, e.Message);
        }
    }

    private static bool IsLocal(string host) => host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static async Task WriteAsync(HttpContext context, ApiAnswer answer)
    {
        context.Response.StatusCode = answer.Status;

        // Elastic's own clients ask for this name before they trust an answer.
        context.Response.Headers["X-elastic-product"] = "Elasticsearch";
        context.Response.ContentType = answer.ContentType;
        context.Response.ContentLength = answer.Body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(answer.Body, context.RequestAborted);
        }
    }

    /// <summary>Signals are the command line's business.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _app.StopAsync(limit.Token);
        await _app.DisposeAsync();
    }
}
