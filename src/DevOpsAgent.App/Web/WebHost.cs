using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using DevOpsAgent.Configuration;
using DevOpsAgent.Store;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using BadHttpRequestException = Microsoft.AspNetCore.Http.BadHttpRequestException;

namespace DevOpsAgent.App.Web;

/// <summary>The web host serves the page and the API from inside the agent's process: Kestrel with nothing that is not used.</summary>
internal sealed class WebHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly CancellationTokenSource _stopping;
    private bool _disposed;

    private WebHost(WebApplication app, CancellationTokenSource stopping, Uri address)
    {
        _app = app;
        _stopping = stopping;
        Address = address;
    }

    /// <summary>Where the page is, with the real port where 0 was asked for.</summary>
    public Uri Address { get; }

    /// <summary>
    /// Listens and answers. Throws <see cref="ConfigException"/> for an address that may not be used and <see cref="IOException"/> for one that is taken, with what to do.
    /// </summary>
    /// <param name="onFault">Told of faults that a client saw as status 500.</param>
    public static async Task<WebHost> StartAsync(WebConfig config, WebParts parts, Action<Exception>? onFault, CancellationToken cancellationToken)
    {
        var endpoint = ListenAddress(config);
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Limit(kestrel, endpoint));
        var stopping = new CancellationTokenSource();
        var files = new StaticFiles();
        builder.Services.AddSingleton(files);
        builder.Services.AddSingleton(new EventStream(parts, stopping.Token));
        var app = builder.Build();
        Use(app, config, parts, files, onFault);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await app.DisposeAsync();
            throw new IOException($"cannot listen on {config.Listen}: {e.Message} Stop what uses the port, or choose another with --listen or web.listen.", e);
        }

        var bound = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
        return new(app, stopping, new(bound));
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }

        // Event streams never end by themselves: they are told first, so that stopping doesn't wait for its time limit.
        await _stopping.CancelAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _app.StopAsync(limit.Token);
        await _app.DisposeAsync();
        _stopping.Dispose();
    }

    private static void Use(WebApplication app, WebConfig config, WebParts parts, StaticFiles files, Action<Exception>? onFault)
    {
        var budget = new WriteBudget(parts.Time);
        RequestGuard? guard = null;
        app.Use(async (context, next) =>
        {
            RequestGuard.SetHeaders(context.Response);
            try
            {
                guard ??= new(config, context.Connection.LocalPort, budget);
                guard.Check(context.Request);
                await next(context);
                await Explain(context);
            }
            catch (Exception e) when (!context.Response.HasStarted && Problem(e, onFault) is { } problem)
            {
                await Answer(context, problem);
            }
            catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
            {
                // The client went away.
            }
        });

        foreach (var row in Endpoint.All)
        {
            app.MapMethods(row.Pattern, row.Method == "GET" && row.Pattern != "/api/events" ? ["GET", "HEAD"] : [row.Method], context =>
            {
                if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
                {
                    limit.MaxRequestBodySize = row.MaxBody;
                }

                return row.Handle(new(context, parts));
            });
        }

        app.MapMethods("/", ["GET", "HEAD"], context => files.Serve(context, "index.html"));
        app.MapMethods("/{name}", ["GET", "HEAD"], context => files.Serve(context, (string)context.Request.RouteValues["name"]!));
    }

    private static void Limit(KestrelServerOptions kestrel, IPEndPoint endpoint)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = 256;
        kestrel.Limits.MaxRequestBodySize = 1024 * 1024;
        kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        kestrel.Listen(endpoint, static listen => listen.Protocols = HttpProtocols.Http1);
    }

    private static IPEndPoint ListenAddress(WebConfig config)
    {
        var text = config.Listen.StartsWith("localhost:", StringComparison.OrdinalIgnoreCase) ? "127.0.0.1" + config.Listen[9..] : config.Listen;
        if (!IPEndPoint.TryParse(text, out var endpoint) || !text.Contains(':', StringComparison.Ordinal))
        {
            throw new ConfigException([new("web.listen", 0, 0, $"'{config.Listen}' is not an address and port. Write 127.0.0.1:8686 or [::1]:8686.")]);
        }

        // Without a login whoever reaches the port may act: other machines only by an explicit word.
        return IPAddress.IsLoopback(endpoint.Address) || config.AllowedHosts.Count > 0
            ? endpoint
            : throw new ConfigException([new("web.listen", 0, 0, $"{config.Listen} is not loopback and the page has no login. Listen on 127.0.0.1, or put a proxy with a login before it and name it in web.allowed_hosts.")]);
    }

    private static Problem? Problem(Exception e, Action<Exception>? onFault)
    {
        switch (e)
        {
            case ProblemException known:
                return known.Problem;
            case BadHttpRequestException { StatusCode: 413 }:
                return ProblemException.Of(413, "too-large", "The body is too large", "More bytes came than this call takes.", "Send less at once.").Problem;
            case BadHttpRequestException bad:
                return ProblemException.Of(bad.StatusCode, "bad-request", "The request is not valid", bad.Message, "See /openapi.json.").Problem;
            case StoreException store:
                return ProblemException.Of(503, "store-" + Views.IncidentView.Name(store.Fault), "The store can't do it now", store.Message, "The agent keeps watching; see /readyz and try again.").Problem;
            case OperationCanceledException:
                return null;
            default:
                onFault?.Invoke(e);
                return ProblemException.Of(500, "fault", "A fault in the agent", "The agent could not answer.", "See the agent's log; nothing was changed unless the state shows it.").Problem;
        }
    }

    private static Task Explain(HttpContext context) => context.Response is { HasStarted: false, ContentType: null, StatusCode: 404 or 405 } response
        ? Answer(context, (response.StatusCode == 405
            ? ProblemException.Of(405, "wrong-method", "Not with this method", $"{context.Request.Method} is not taken here.", "See /openapi.json.")
            : ProblemException.NotFound("There is nothing at this address.", "The page is at /; /openapi.json describes the API.")).Problem)
        : Task.CompletedTask;

    private static Task Answer(HttpContext context, Problem problem)
    {
        context.Response.StatusCode = problem.Status;
        context.Response.ContentType = "application/problem+json; charset=utf-8";
        context.Response.Headers.ContentEncoding = default;
        if (problem.Status == 429)
        {
            context.Response.Headers.RetryAfter = "1";
        }

        return JsonSerializer.SerializeAsync(context.Response.Body, problem, WebCall.Json.Problem, context.RequestAborted);
    }

    /// <summary>The agent itself handles signals; the host's own handler would race with it.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
