using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DevOpsAgent.App.Cli;
using DevOpsAgent.App.ExecService;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Backends;
using DevOpsAgent.RuntimeGuard.Policy;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace DevOpsAgent.App.GuardControl;

/// <summary>/health, /stats and /mode of the running guard on a Unix socket. The kernel says who asks; only root and the guard's own user change the mode.</summary>
internal sealed class GuardServer : IAsyncDisposable
{
    private const int MaxBody = 4096;

    private readonly WebApplication _app;
    private readonly GuardService _guard;
    private readonly IReadOnlyList<BackendRefusal> _refused;
    private readonly IReadOnlyList<int> _allowedUids;

    private GuardServer(WebApplication app, GuardService guard, IReadOnlyList<BackendRefusal> refused, IReadOnlyList<int> allowedUids) =>
        (_app, _guard, _refused, _allowedUids) = (app, guard, refused, allowedUids);

    /// <summary>Throws <see cref="CommandException"/> for a socket that can't be used.</summary>
    public static async Task<GuardServer> StartAsync(string path, GuardService guard, IReadOnlyList<BackendRefusal> refused, IReadOnlyList<int> allowedUids, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
        {
            throw CommandException.Usage("The guard's socket needs peer credentials, which this system lacks.", "Run with --no-socket.");
        }

        var mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var socket = SocketFile.Listen(path, allowedUids.Count == 0 ? mode : mode | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite, "runtime_guard.socket");
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<SocketTransportOptions>(options => options.CreateBoundListenSocket = _ => socket);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 64;
            kestrel.Limits.MaxRequestBodySize = MaxBody;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
            kestrel.ListenUnixSocket(path, static listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.Use(ReadCredentials);
            });
        });
        var app = builder.Build();
        var server = new GuardServer(app, guard, refused, allowedUids);
        app.Use(server.AdmitAsync);
        app.MapGet("/health", c => AnswerAsync(c, server.Health(), GuardControlJson.Default.GuardHealthView));
        app.MapGet("/stats", c => AnswerAsync(c, guard.Engine.Stats, GuardControlJson.Default.GuardStats));
        app.MapGet("/mode", c => AnswerAsync(c, new GuardModeView(guard.Engine.Mode.Word()), GuardControlJson.Default.GuardModeView));
        app.MapPost("/mode", server.SetModeAsync);
        await app.StartAsync(cancellationToken);
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
            losses.Queue);
    }

    private async Task AdmitAsync(HttpContext context, RequestDelegate next)
    {
        // Attack: another user of this machine reads what is guarded and how, or switches the guard to audit before he acts.
        var uid = context.Features.Get<PeerCredentials>()?.Uid;
        var own = uid is 0 || uid == UnixProcess.UserId;
        var reads = HttpMethods.IsGet(context.Request.Method);
        if (!own && (!reads || uid is null || !_allowedUids.Contains((int)uid.Value)))
        {
            context.Response.StatusCode = 403;
            await AnswerAsync(context, new GuardErrorView(reads ? "this user may not ask; runtime_guard.allowed_uids names those who may" : "only root and the guard's own user may change the mode"), GuardControlJson.Default.GuardErrorView);
            return;
        }

        await next(context);
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

        var by = $"user {context.Features.Get<PeerCredentials>()?.Uid}";
        if (wanted.Process is not null && !_guard.TrySetMode(wanted.Process, mode, by))
        {
            context.Response.StatusCode = 404;
            await AnswerAsync(context, new GuardErrorView($"the policy has no process '{wanted.Process}'"), GuardControlJson.Default.GuardErrorView);
            return;
        }

        if (wanted.Process is null)
        {
            _guard.SetMode(mode, by);
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
