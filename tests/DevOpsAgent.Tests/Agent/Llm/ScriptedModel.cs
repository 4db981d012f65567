using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using DevOpsAgent.Agent.Llm;
using DevOpsAgent.Configuration;
using DevOpsAgent.Tests.Kubernetes.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace DevOpsAgent.Tests.Agent.Llm;

/// <summary>A test double of a model's server: HTTP on loopback in the providers' real wire formats, with answers that a test says.</summary>
internal sealed class ScriptedModel : IAsyncDisposable
{
    public const string Key = "sk-hush-0123456789";

    private readonly ConcurrentQueue<Func<HttpContext, Task>> _answers = new();
    private WebApplication? _app;

    /// <summary>"POST /api/chat", in order.</summary>
    public List<string> Asked { get; } = [];

    public List<JsonNode?> Bodies { get; } = [];

    public List<IHeaderDictionary> Headers { get; } = [];

    public Uri Url { get; private set; } = new("http://127.0.0.1");

    /// <summary>Waits under a minute and a half are over at once; llm.timeout never comes.</summary>
    public QuickTime Time { get; } = new(TimeSpan.FromSeconds(90));

    public static async Task<ScriptedModel> StartAsync()
    {
        var server = new ScriptedModel();
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel =>
        {
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        server._app = builder.Build();
        server._app.Run(server.AnswerAsync);
        await server._app.StartAsync();
        server.Url = new(server._app.Urls.Single());
        return server;
    }

    public ScriptedModel Then(Func<HttpContext, Task> answer)
    {
        _answers.Enqueue(answer);
        return this;
    }

    public ScriptedModel Then(int status, string body, string type = "application/json", params (string Name, string Value)[] headers) => Then(context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        foreach (var (name, value) in headers)
        {
            context.Response.Headers[name] = value;
        }

        return context.Response.WriteAsync(body);
    });

    /// <summary>Announces more than it writes: the connection ends in the middle.</summary>
    public ScriptedModel ThenCut(string body, string type) => Then(context =>
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = Encoding.UTF8.GetByteCount(body) + 10;
        return context.Response.WriteAsync(body);
    });

    public LlmConfig Config(LlmDialect dialect) => Wire.Config(dialect, Url);

    public IChatClient Client(LlmDialect dialect, Func<LlmConfig, LlmConfig>? change = null) => ChatClients.Create((change ?? (static c => c))(Config(dialect)), Time);

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            using var now = new CancellationTokenSource(TimeSpan.Zero);
            await _app.StopAsync(now.Token);
            await _app.DisposeAsync();
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        lock (Asked)
        {
            Asked.Add($"{context.Request.Method} {context.Request.Path}");
            Bodies.Add(body.Length > 0 ? JsonNode.Parse(body) : null);
            Headers.Add(new HeaderDictionary(context.Request.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase)));
        }

        if (!_answers.TryDequeue(out var answer))
        {
            context.Response.StatusCode = 418;
            await context.Response.WriteAsync("the script is at its end");
            return;
        }

        await answer(context);
    }
}
