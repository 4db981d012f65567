using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DevOpsAgent.Kubernetes.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace DevOpsAgent.Tests.Kubernetes.Client;

/// <summary>An HTTPS server on loopback that answers what a test says and remembers what it was asked.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly ConcurrentQueue<Func<HttpContext, Task>> _answers = new();
    private readonly X509Certificate2 _certificate;
    private WebApplication? _app;

    private ScriptedServer(X509Certificate2 certificate) => _certificate = certificate;

    /// <summary>"GET /apis?limit=1", in order.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>The Authorization headers, in order.</summary>
    public List<string> Authorizations { get; } = [];

    public List<string> Bodies { get; } = [];

    public List<IHeaderDictionary> Headers { get; } = [];

    /// <summary>Answers when the script is at its end; null: the test fails with a 500 that says so.</summary>
    public Func<HttpContext, Task>? Otherwise { get; set; }

    public Uri Url { get; private set; } = new("https://127.0.0.1");

    /// <summary>The server's certificate is its own authority.</summary>
    public string AuthorityPem => _certificate.ExportCertificatePem();

    public static async Task<ScriptedServer> StartAsync(X509Certificate2? certificate = null)
    {
        var server = new ScriptedServer(certificate ?? Certificate("127.0.0.1"));
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(server._certificate);
            });
        });
        server._app = builder.Build();
        server._app.Run(server.AnswerAsync);
        await server._app.StartAsync();
        server.Url = new(server._app.Urls.Single());
        return server;
    }

    /// <param name="host">An IP address or a DNS name.</param>
    public static X509Certificate2 Certificate(string host, DateTimeOffset? from = null, DateTimeOffset? until = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=scripted", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(host, out var address))
        {
            names.AddIpAddress(address);
        }
        else
        {
            names.AddDnsName(host);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(from ?? now.AddDays(-1), until ?? now.AddDays(1));
    }

    public ScriptedServer Then(Func<HttpContext, Task> answer)
    {
        _answers.Enqueue(answer);
        return this;
    }

    public ScriptedServer Then(int status, string body, params (string Name, string Value)[] headers) => Then(Text(status, body, headers));

    public static Func<HttpContext, Task> Text(int status, string body, params (string Name, string Value)[] headers) => context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = body.StartsWith('{') ? "application/json" : "text/plain; charset=utf-8";
        foreach (var (name, value) in headers)
        {
            context.Response.Headers[name] = value;
        }

        return context.Response.WriteAsync(body);
    };

    /// <summary>Writes, flushes, and cuts the connection where an orderly end would come.</summary>
    public static Func<HttpContext, Task> Cut(string body) => async context =>
    {
        await context.Response.WriteAsync(body);
        await context.Response.Body.FlushAsync();
        context.Abort();
    };

    public static string Status(int code, string reason, string message, string more = "") =>
        $$"""{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"{{message}}","reason":"{{reason}}","code":{{code}}{{more}}}""";

    public ClusterConnection Connection(TimeProvider time, IClusterCredentials? credentials = null) => new()
    {
        Description = "context test",
        Server = Url,
        Authority = new("test authority", AuthorityPem),
        Credentials = credentials ?? new UserCredentials(time) { Token = "abc" },
    };

    public KubernetesApi Api(TimeProvider time, Patience? patience = null, IClusterCredentials? credentials = null) => new(Connection(time, credentials), time, patience);

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            using var now = new CancellationTokenSource(TimeSpan.Zero);
            await _app.StopAsync(now.Token);
            await _app.DisposeAsync();
        }

        _certificate.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        lock (Asked)
        {
            Asked.Add($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
            Authorizations.Add(context.Request.Headers.Authorization.ToString());
            Bodies.Add(body);
            Headers.Add(new HeaderDictionary(context.Request.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase)));
        }

        await (_answers.TryDequeue(out var answer) ? answer : Otherwise ?? Text(500, "the script is at its end"))(context);
    }
}
