using System.Net.Http;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using System.Security.Authentication;
using System.Text.Json;
using DevOpsAgent.App.Cli;
using DevOpsAgent.Exec.Remote;

namespace DevOpsAgent.App.ExecService;

/// <summary>The other end of <see cref="ExecServer"/>: calls it over its socket, or over HTTPS with this machine's and agent's keys.</summary>
internal sealed class ExecClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly Uri _url;
    private readonly string _where;
    private readonly CallSigner? _signer;
    private readonly X509Certificate2? _certificate;
    private string? _otherMachine;
    private HelloAnswer? _hello;

    private ExecClient(SocketsHttpHandler handler, Uri url, string where)
    {
        (_url, _where) = (url, where);
        handler.UseProxy = false;
        handler.UseCookies = false;
        handler.AllowAutoRedirect = false;
        handler.ConnectTimeout = TimeSpan.FromSeconds(10);
        _http = new(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private ExecClient(SocketsHttpHandler handler, Uri url, CallSigner signer, X509Certificate2 certificate)
        : this(handler, url, url.GetLeftPart(UriPartial.Authority))
    {
        _signer = signer;
        _certificate = certificate;
        handler.SslOptions = new()
        {
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ClientCertificates = [certificate],

            // A self-signed certificate has no issuer that the server could ask for by name.
            LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate,
            RemoteCertificateValidationCallback = (_, presented, _, _) => IsPinned(presented),
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        };
    }

    public static ExecClient OverSocket(string path)
    {
        var endpoint = new UnixDomainSocketEndPoint(path);
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(endpoint, cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        return new(handler, new("http://localhost/"), path);
    }

    public static ExecClient OverHttps(Uri url, CallSigner signer) => new(new SocketsHttpHandler(), url, signer, MachineCertificate.Create(signer.Machine));

    public async Task<HelloAnswer> HelloAsync(CancellationToken cancellationToken) => _hello ??= await AskHelloAsync(cancellationToken);

    /// <summary>One call with one answer. Throws <see cref="CommandException"/> where it is refused or nobody answers.</summary>
    public async Task<JsonElement> AskAsync(ExecCall call, CancellationToken cancellationToken)
    {
        await foreach (var answer in SendAsync(call, default, cancellationToken))
        {
            return answer;
        }

        throw Silent();
    }

    /// <summary>The events of a run as they come; a refusal is one of them. Throws <see cref="CommandException"/> where nobody answers.</summary>
    public async IAsyncEnumerable<JsonElement> SendAsync(ExecCall call, ReadOnlyMemory<byte> stdin, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var line = _signer is null ? ExecCallJson.Write(call) : _signer.Sign(call, await HelloAsync(cancellationToken));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_url, "v1/call")) { Content = new CallContent(line, stdin) };
        using var response = await TryAsync(() => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken));
        using var reader = new StreamReader(await TryAsync(() => response.Content.ReadAsStreamAsync(cancellationToken)));
        while (await TryAsync(() => reader.ReadLineAsync(cancellationToken).AsTask()) is { } text)
        {
            yield return Parse(text);
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _certificate?.Dispose();
    }

    private async Task<HelloAnswer> AskHelloAsync(CancellationToken cancellationToken)
    {
        using var response = await TryAsync(() => _http.GetAsync(new Uri(_url, "v1/hello"), cancellationToken));
        var json = Parse(await TryAsync(() => response.Content.ReadAsStringAsync(cancellationToken)));
        return json.TryGetProperty("event", out var kind) && kind.ValueEquals("hello")
            ? new(json.GetProperty("machine_id").GetString()!, json.GetProperty("start_id").GetString()!, TimeSpan.FromMilliseconds(json.GetProperty("lease_ms").GetInt64()))
            : throw Refusal(json);
    }

    /// <summary>A refused call as an error with exit code 1.</summary>
    public static CommandException Refusal(JsonElement denied) => CommandException.Refused(
        $"Refused: {denied.GetProperty("reason").GetString()}{(denied.TryGetProperty("detail", out var detail) && detail.GetString() is { } more ? $" ({more})" : "")}",
        denied.GetProperty("text").GetString());

    // The one thing that is looked at is the key: it must be the machine's that was named.
    private bool IsPinned(X509Certificate? presented)
    {
        var id = MachineCertificate.MachineOf(presented as X509Certificate2)?.Id;
        _otherMachine = id == _signer!.Receiver ? null : id ?? "unknown";
        return _otherMachine is null;
    }

    private async Task<T> TryAsync<T>(Func<Task<T>> action)
    {
        try
        {
            return await action();
        }
        catch (Exception) when (_otherMachine is { } other)
        {
            throw CommandException.Refused($"The machine at {_where} is {other}, and not {_signer!.Receiver}. Nothing was asked of it.", "Check the address, and the id with 'devops-agent exec identity show' on that machine.");
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError)
        {
            var innermost = e.GetBaseException().Message;
            throw CommandException.Dependency($"No service answers at {_where}: {innermost}", "Start it with 'devops-agent exec serve', or name another with --socket or --url.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or AuthenticationException)
        {
            // TLS 1.3: a server that doesn't trust this machine hangs up when the handshake looks finished from here.
            throw _signer is { } signer && _hello is null
                ? CommandException.Refused($"The service at {_where} hung up: it most likely doesn't trust this machine ({signer.Machine.Id}).", "There: devops-agent exec trust add machine.pub --machine")
                : CommandException.Dependency($"The connection to {_where} broke: {e.GetBaseException().Message}", "Its command is ended by the service, or by its lease. 'devops-agent exec sessions' shows what runs.");
        }
    }

    private JsonElement Parse(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("event", out _) ? document.RootElement.Clone() : throw Silent();
        }
        catch (JsonException)
        {
            throw Silent();
        }
    }

    private CommandException Silent() => CommandException.Dependency($"What answers at {_where} is not 'devops-agent exec serve'.", "Check the address.");
}

/// <param name="StartId">To be named in each frame.</param>
/// <param name="Lease">A running command must be renewed within this time.</param>
internal sealed record HelloAnswer(string MachineId, string StartId, TimeSpan Lease);
