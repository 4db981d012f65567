using System.Globalization;
using System.Net.Http;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DevOpsAgent.App.Cli;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Alerts;

namespace DevOpsAgent.App.GuardControl;

/// <summary>The other end of <see cref="GuardServer"/>.</summary>
internal sealed class GuardClient : IDisposable
{
    private readonly string _socket;
    private readonly HttpClient _http;

    public GuardClient(string socket)
    {
        _socket = Path.GetFullPath(socket);
        _http = new(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancellation) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await connection.ConnectAsync(new UnixDomainSocketEndPoint(_socket), cancellation);
                    return new NetworkStream(connection, ownsSocket: true);
                }
                catch
                {
                    connection.Dispose();
                    throw;
                }
            },
        })
        { BaseAddress = new("http://localhost/"), Timeout = TimeSpan.FromSeconds(10) };
    }

    public Task<GuardHealthView> HealthAsync(CancellationToken cancellationToken) => GetAsync("/health", GuardControlJson.Default.GuardHealthView, cancellationToken);

    public Task<GuardStats> StatsAsync(CancellationToken cancellationToken) => GetAsync("/stats", GuardControlJson.Default.GuardStats, cancellationToken);

    /// <summary>Alerts after a number of a journal; waits a few seconds for the next where there are none.</summary>
    public Task<AlertPage> AlertsAsync(string? journal, long after, CancellationToken cancellationToken) =>
        GetAsync(string.Create(CultureInfo.InvariantCulture, $"/alerts?journal={journal}&after={after}&wait=5"), GuardControlJson.Default.AlertPage, cancellationToken);

    public async Task<GuardModeView> SetModeAsync(GuardModeView wanted, CancellationToken cancellationToken)
    {
        using var body = new StringContent(JsonSerializer.Serialize(wanted, GuardControlJson.Default.GuardModeView), Encoding.UTF8, "application/json");
        return await SendAsync(() => _http.PostAsync("/mode", body, cancellationToken), GuardControlJson.Default.GuardModeView, cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    private Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) => SendAsync(() => _http.GetAsync(path, cancellationToken), type, cancellationToken);

    private async Task<T> SendAsync<T>(Func<Task<HttpResponseMessage>> send, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await send();
            await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
            if (answer.IsSuccessStatusCode)
            {
                return await JsonSerializer.DeserializeAsync(body, type, cancellationToken) ?? throw new JsonException("null");
            }

            var error = await JsonSerializer.DeserializeAsync(body, GuardControlJson.Default.GuardErrorView, cancellationToken);
            throw CommandException.Refused($"The guard refuses: {error?.Error ?? answer.StatusCode.ToString()}.");
        }
        catch (HttpRequestException e)
        {
            throw CommandException.Dependency($"No guard answers on {_socket}: {e.InnerException?.Message ?? e.Message}", "Start it with 'devops-agent guard run', or name its socket with --socket.");
        }
        catch (JsonException)
        {
            throw CommandException.Dependency($"What answers on {_socket} is no guard of this version.");
        }
    }
}
