using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using DevOpsAgent.App.Cli;
using DevOpsAgent.Exec;
using DevOpsAgent.Exec.Remote;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using BadHttpRequestException = Microsoft.AspNetCore.Http.BadHttpRequestException;

namespace DevOpsAgent.App.ExecService;

/// <summary>Listens for calls: on a Unix socket, where the kernel says who calls, and on HTTPS, where both sides prove their machine's key.</summary>
internal sealed class ExecServer : IAsyncDisposable
{
    private const long MaxBody = 64L << 20;

    private readonly WebApplication _app;
    private readonly X509Certificate2 _certificate;

    private ExecServer(WebApplication app, X509Certificate2 certificate, Uri? address)
    {
        _app = app;
        _certificate = certificate;
        Address = address;
    }

    /// <summary>Of HTTPS, with the real port where 0 was asked for. Null: local callers only.</summary>
    public Uri? Address { get; }

    /// <summary>Throws <see cref="CommandException"/> for a socket or an address that can't be used.</summary>
    /// <param name="onFault">Told of faults that a caller saw as status 500.</param>
    public static async Task<ExecServer> StartAsync(ExecParts parts, Action<Exception> onFault, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
        {
            throw CommandException.Usage("'exec serve' runs on Linux only: it rests on peer credentials, process groups and file modes.");
        }

        var config = parts.Config;
        var path = Path.GetFullPath(config.Socket);
        var certificate = MachineCertificate.Create(parts.Machine);
        var socket = SocketFile.Listen(path, config.SocketMode == "0660"
            ? OwnFile.Mode | UnixFileMode.GroupRead | UnixFileMode.GroupWrite
            : OwnFile.Mode);

        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<SocketTransportOptions>(options => options.CreateBoundListenSocket = endpoint =>
            endpoint is UnixDomainSocketEndPoint ? socket : SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            Limit(kestrel, config.MaxConnections);
            kestrel.ListenUnixSocket(path, static listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.Use(ReadCredentials);
            });
            if (config.Listen is { } address)
            {
                kestrel.Listen(IPEndPoint.Parse(address), listen =>
                {
                    listen.Protocols = HttpProtocols.Http1;
                    listen.UseHttps(https => RequireTrustedMachine(https, certificate, parts));
                });
            }
        });
        builder.WebHost.UseKestrelHttpsConfiguration();
        var app = builder.Build();
        var api = new CallApi(parts);
        app.Use((context, next) => GuardAsync(context, next, parts, onFault));
        app.MapGet("/v1/hello", api.HelloAsync);
        app.MapPost("/v1/call", api.CallAsync);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await app.DisposeAsync();
            socket.Dispose();
            certificate.Dispose();
            throw CommandException.Dependency($"Cannot listen on {config.Listen}: {e.Message}", "Stop what uses the port, or set exec.listen to another one.");
        }

        var bound = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses
            .FirstOrDefault(static a => a.StartsWith("https://", StringComparison.Ordinal));
        return new(app, certificate, bound is null ? null : new(bound));
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await _app.StopAsync(limit.Token);
        await _app.DisposeAsync();
        _certificate.Dispose();
    }

    private static void Limit(KestrelServerOptions kestrel, int maxConnections)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = maxConnections;
        kestrel.Limits.MaxRequestBodySize = MaxBody;
        kestrel.Limits.MaxRequestHeadersTotalSize = 8 * 1024;
        kestrel.Limits.MaxRequestHeaderCount = 32;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(60);

        // A caller that is slow to read slows its command; one that is stuck doesn't renew its lease. No third rule is needed.
        kestrel.Limits.MinResponseDataRate = null;
    }

    private static ConnectionDelegate ReadCredentials(ConnectionDelegate next) => connection =>
    {
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket && PeerCredentials.Of(socket) is { } credentials)
        {
            connection.Features.Set(credentials);
            return next(connection);
        }

        connection.Abort();
        return Task.CompletedTask;
    };

    private static void RequireTrustedMachine(HttpsConnectionAdapterOptions https, X509Certificate2 certificate, ExecParts parts)
    {
        https.ServerCertificate = certificate;
        https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
        https.HandshakeTimeout = TimeSpan.FromSeconds(5);
        https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;

        // Attack: strangers that reach the port. Who has no trusted key gets no further than the handshake, so that they can try
        // neither the HTTP parser nor the frames. Names, issuers and dates of the certificate say nothing and aren't looked at.
        https.ClientCertificateValidation = (presented, _, _) => parts.Admits(MachineCertificate.MachineOf(presented));

        // A resumed connection would bring its certificate from earlier: trust withdrawn since then must count at once.
        https.OnAuthenticate = static (_, options) =>
        {
            options.AllowTlsResume = false;
            options.CertificateRevocationCheckMode = X509RevocationMode.NoCheck;
        };
    }

    private static async Task GuardAsync(HttpContext context, RequestDelegate next, ExecParts parts, Action<Exception> onFault)
    {
        // Attack: a page in a browser on this machine posts to the port. It has no key, and over the socket there are no browsers;
        // an Origin can only come from one.
        if (context.Request.Headers.Origin.Count > 0)
        {
            context.Response.StatusCode = 403;
            return;
        }

        try
        {
            await next(context);
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            parts.Sessions.CountMalformed();
            context.Response.StatusCode = e.StatusCode;
            context.Response.ContentType = "application/x-ndjson; charset=utf-8";
            EventJson.Denied(context.Response.BodyWriter, FrameVerdict.MalformedFrame, "bad_request", e.Message);
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller went away.
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            onFault(e);
            context.Response.StatusCode = 500;
            EventJson.Denied(context.Response.BodyWriter, "fault", null, "A fault in the service; its log has the lines. Nothing was started unless the audit log shows it.");
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        }
    }

    /// <summary>The command itself handles signals; the host's own handler would race with it.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
