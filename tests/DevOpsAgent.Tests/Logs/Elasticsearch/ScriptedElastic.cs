using System.IO.Compression;
using System.Text;
using DevOpsAgent.Configuration;
using DevOpsAgent.Logs.Elasticsearch;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace DevOpsAgent.Tests.Logs.Elasticsearch;

/// <summary>A test double of Elasticsearch over real HTTP on loopback: answers what a test says, and remembers what was asked.</summary>
internal sealed class ScriptedElastic : IAsyncDisposable
{
    public const string Root8 = """{"name":"n","cluster_name":"c","cluster_uuid":"u","version":{"number":"8.19.21","build_flavor":"default","lucene_version":"9.12.2"},"tagline":"You Know, for Search"}""";

    private readonly WebApplication _app;
    private readonly Lock _gate = new();
    private readonly List<ScriptedCall> _calls = [];

    private ScriptedElastic(WebApplication app) => _app = app;

    public Uri Address { get; private set; } = null!;

    /// <summary>What is answered. The default: a cluster of version 8 that has nothing.</summary>
    public Func<ScriptedCall, ScriptedAnswer> Script { get; set; } = static call => call.Path == "/" ? new(Root8) : new("{}");

    public IReadOnlyList<ScriptedCall> Calls
    {
        get
        {
            lock (_gate)
            {
                return [.. _calls];
            }
        }
    }

    public static async Task<ScriptedElastic> StartAsync(Func<ScriptedCall, ScriptedAnswer>? script = null, Action<ListenOptions>? listen = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(System.Net.IPAddress.Loopback, 0, listen ?? (static l => l.Protocols = HttpProtocols.Http1)));
        var server = new ScriptedElastic(builder.Build());
        server.Script = script ?? server.Script;
        server._app.Run(server.AnswerAsync);
        await server._app.StartAsync(TestContext.Current.CancellationToken);
        server.Address = new(server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return server;
    }

    /// <summary>Options with short pauses.</summary>
    public static ElasticOptions Options(params Uri[] nodes) => new() { Nodes = nodes, Pause = TimeSpan.FromMilliseconds(1), DeadFor = TimeSpan.FromSeconds(60) };

    public ElasticsearchConfig Config => new() { Url = Address.ToString(), IndexPattern = "traefik-logs-*" };

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        await using var raw = context.Request.Headers.ContentEncoding == "gzip" ? new GZipStream(context.Request.Body, CompressionMode.Decompress) : context.Request.Body;
        using var reader = new StreamReader(raw);
        var call = new ScriptedCall(context.Request.Method, context.Request.Path, context.Request.QueryString.Value ?? "", await reader.ReadToEndAsync(), new HeaderDictionary(context.Request.Headers.ToDictionary(static h => h.Key, static h => h.Value, StringComparer.OrdinalIgnoreCase)));
        lock (_gate)
        {
            _calls.Add(call);
        }

        var answer = Script(call);
        if (answer.Abort)
        {
            context.Abort();
            return;
        }

        if (answer.Hang is { } hang)
        {
            await hang.WaitAsync(context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
            return;
        }

        var body = Encoding.UTF8.GetBytes(answer.Body);
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = answer.Type;
        foreach (var (name, value) in answer.Headers)
        {
            context.Response.Headers[name] = value;
        }

        if (answer.Packed)
        {
            using var packed = new MemoryStream();
            using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            {
                gzip.Write(body);
            }

            body = packed.ToArray();
            context.Response.Headers.ContentEncoding = "gzip";
        }

        context.Response.ContentLength = body.Length + answer.Missing;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
        if (answer.Missing > 0)
        {
            await context.Response.Body.FlushAsync(context.RequestAborted);
            context.Abort();
        }
    }
}

internal sealed record ScriptedCall(string Method, string Path, string Query, string Body, IHeaderDictionary Headers);

internal sealed record ScriptedAnswer(string Body, int Status = 200)
{
    public string Type { get; init; } = "application/json";
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();
    public bool Abort { get; init; }

    /// <summary>No answer before this ends.</summary>
    public Task? Hang { get; init; }
    public bool Packed { get; init; }

    /// <summary>Bytes that the headers promise and that never come.</summary>
    public int Missing { get; init; }
}
