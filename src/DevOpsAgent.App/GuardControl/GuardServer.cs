using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DevOpsAgent.App.Cli;
using DevOpsAgent.App.ExecService;
using DevOpsAgent.Configuration;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Backends;
using DevOpsAgent.RuntimeGuard.Policy;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace DevOpsAgent.App.GuardControl;

/// <summary>
/// /health, /stats, /mode and /alerts of the running guard: on a Unix socket, where the kernel says who asks, and, if wanted, on a
/// loopback address for whoever has the token. Only root, the guard's own user and the token change the mode.
/// </summary>
internal sealed class GuardServer : IAsyncDisposable
{
    private const int MaxBody = 4096;
    private const int MaxAlerts = 500;
    private const int MaxWait = 20;

    private readonly WebApplication _app;
    private readonly GuardParts _parts;
    private readonly GuardService _guard;
    private readonly IReadOnlyList<BackendRefusal> _refused;
    private readonly GuardAdmission _admission;

    private GuardServer(WebApplication app, GuardParts parts, IReadOnlyList<BackendRefusal> refused, GuardAdmission admission) =>
        (_app, _parts, _guard, _refused, _admission) = (app, parts, parts.Guard, refused, admission);

    /// <summary>Of HTTP, with the real port where 0 was asked for. Null: the socket only.</summary>
    public Uri? Address { get; private set; }

    /// <summary>Throws <see cref="CommandException"/> for a socket or address that can't be used.</summary>
    /// <param name="useSocket">False: no Unix socket.</param>
    public static async Task<GuardServer> StartAsync(RuntimeGuardConfig config, bool useSocket, GuardParts parts, IReadOnlyList<BackendRefusal> refused, CancellationToken cancellationToken)
    {
        if (useSocket && OperatingSystem.IsWindows())
        {
            throw CommandException.Usage("The guard's socket needs peer credentials, which this system lacks.", "Run with --no-socket.");
        }

        var endpoint = GuardAdmission.EndpointOf(config);
        var path = Path.GetFullPath(config.Socket);
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        if (useSocket && !OperatingSystem.IsWindows())
        {
            var mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            var socket = SocketFile.Listen(path, config.AllowedUids.Count == 0 ? mode : mode | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite, "runtime_guard.socket");
            builder.Services.Configure<SocketTransportOptions>(options => options.CreateBoundListenSocket = bound =>
                bound is UnixDomainSocketEndPoint ? socket : SocketTransportOptions.CreateDefaultBoundListenSocket(bound));
        }

        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 64;
            kestrel.Limits.MaxRequestBodySize = MaxBody;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
            if (useSocket)
            {
                kestrel.ListenUnixSocket(path, static listen =>
                {
                    listen.Protocols = HttpProtocols.Http1;
                    listen.Use(ReadCredentials);
                });
            }

            if (endpoint is not null)
            {
                kestrel.Listen(endpoint, static listen => listen.Protocols = HttpProtocols.Http1);
            }
        });
        var app = builder.Build();
        var server = new GuardServer(app, parts, refused, new(config.AllowedUids, config.Token));
        app.Use(server.AdmitAsync);
        app.MapGet("/health", c => AnswerAsync(c, server.Health(), GuardControlJson.Default.GuardHealthView));
        app.MapGet("/stats", c => AnswerAsync(c, parts.Guard.Engine.Stats, GuardControlJson.Default.GuardStats));
        app.MapGet("/mode", c => AnswerAsync(c, new GuardModeView(parts.Guard.Engine.Mode.Word()), GuardControlJson.Default.GuardModeView));
        app.MapPost("/mode", server.SetModeAsync);
        app.MapGet("/alerts", server.AlertsAsync);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await app.DisposeAsync();
            throw CommandException.Dependency($"The guard can't listen on {config.Listen}: {e.Message}", "Stop what uses the port, or set runtime_guard.listen to another.");
        }

        server.Address = endpoint is null ? null : new(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First(static a => !a.Contains("unix:", StringComparison.Ordinal)));
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await _app.StopAsync(limit.Token);
        await _app.DisposeAsync();
    }

    private GuardHealthView Health()
    {
        var running = _guard.Backend.Guarded;
        var losses = _guard.Backend.Losses;
        var unmet = _guard.Unmet;
        return new(
            losses == default && unmet.Count == 0 ? "ok" : "degraded",
            _guard.Engine.Mode.Word(),
            _guard.Backend.Name,
            _guard.Engine.Policy.Policy.File,
            _guard.Engine.Policy.ByName.OrderBy(static r => r.Key, StringComparer.Ordinal).ToDictionary(static r => r.Key, r => new GuardedView(r.Value.Mode.Word(), running.GetValueOrDefault(r.Key)), StringComparer.Ordinal),
            [.. unmet.Select(static u => new UnmetView(u.Process, u.Key, u.Rule, u.Line, u.Instead == Enforcement.KillLate ? "kill_late" : u.Instead.ToString().ToLowerInvariant()))],
            [.. _refused.Select(static r => new RefusalView(r.Name, r.Reason))],
            losses.Kernel,
            losses.Queue,
            _parts.Alerts.Status);
    }

    private async Task AdmitAsync(HttpContext context, RequestDelegate next)
    {
        if (_admission.Refusal(context) is not var (status, text))
        {
            await next(context);
            return;
        }

        context.Response.StatusCode = status;
        if (status == 401)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
        }

        await AnswerAsync(context, new GuardErrorView(text), GuardControlJson.Default.GuardErrorView);
    }

    /// <summary>For the agent: alerts after a number, or, with wait, as soon as there is one.</summary>
    private async Task AlertsAsync(HttpContext context)
    {
        var query = context.Request.Query;
        if (!Number(query["after"], 0, long.MaxValue, out var after) || !Number(query["limit"], MaxAlerts, MaxAlerts, out var limit) || !Number(query["wait"], 0, MaxWait, out var wait))
        {
            context.Response.StatusCode = 400;
            await AnswerAsync(context, new GuardErrorView(string.Create(CultureInfo.InvariantCulture, $"after, limit (at most {MaxAlerts}) and wait (at most {MaxWait} s) are whole numbers")), GuardControlJson.Default.GuardErrorView);
            return;
        }

        var journal = query["journal"] is [{ Length: > 0 } named, ..] ? named : null;
        var alerts = _parts.Alerts.Journal;
        if (wait > 0 && (journal is null || journal == alerts.Id))
        {
            using var limitOfWait = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _app.Lifetime.ApplicationStopping);
            limitOfWait.CancelAfter(TimeSpan.FromSeconds(wait));
            await alerts.WaitAsync(after, limitOfWait.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await AnswerAsync(context, alerts.Read(after, (int)limit, journal), GuardControlJson.Default.AlertPage);
    }

    private static bool Number(string? text, long otherwise, long most, out long number)
    {
        number = otherwise;
        return text is null || (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= most);
    }

    private async Task SetModeAsync(HttpContext context)
    {
        GuardModeView? wanted = null;
        try
        {
            wanted = await JsonSerializer.DeserializeAsync(context.Request.Body, GuardControlJson.Default.GuardModeView, context.RequestAborted);
        }
        catch (Exception e) when (e is JsonException or Microsoft.AspNetCore.Http.BadHttpRequestException)
        {
            // Answered below.
        }

        if (wanted is null || !GuardModes.TryParse(wanted.Mode, out var mode))
        {
            context.Response.StatusCode = 400;
            await AnswerAsync(context, new GuardErrorView("send {\"mode\": \"audit\"}, \"alert\" or \"enforce\""), GuardControlJson.Default.GuardErrorView);
            return;
        }

        if (wanted.Process is not null && !_guard.Engine.Policy.ByName.ContainsKey(wanted.Process))
        {
            context.Response.StatusCode = 404;
            await AnswerAsync(context, new GuardErrorView($"the policy has no process '{wanted.Process}'"), GuardControlJson.Default.GuardErrorView);
            return;
        }

        // Not with the caller's cancellation: who hangs up changes nothing about what was begun.
        var caller = GuardAdmission.CallerOf(context);
        if (await _parts.SetModeAsync(new(mode, wanted.Process, caller.By), caller, CancellationToken.None) is { } refusal)
        {
            context.Response.StatusCode = 503;
            await AnswerAsync(context, new GuardErrorView(refusal), GuardControlJson.Default.GuardErrorView);
            return;
        }

        await AnswerAsync(context, new GuardModeView(mode.Word(), wanted.Process), GuardControlJson.Default.GuardModeView);
    }

    private static Task AnswerAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        return JsonSerializer.SerializeAsync(context.Response.Body, value, type, context.RequestAborted);
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

    /// <summary>The command itself handles signals.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
