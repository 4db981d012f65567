using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace DevOpsAgent.EndToEnd.Kubernetes;

/// <summary>Stands between an agent and the API server, counts the writes, and calls out after one of them was done and before the agent hears of it.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly HttpClient _client;
    private readonly Uri _server;
    private readonly Task _running;
    private int _writes;

    /// <param name="token">The agent's: its own rights hold.</param>
    public CuttingProxy(ApiServer server, string token)
    {
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            Url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}");
        }

        (_server, _client) = (server.Url, server.ClientOf(token));
        _listener.Prefixes.Add(Url + "/");
        _listener.Start();
        _running = Task.Run(AcceptAsync);
    }

    public string Url { get; }

    /// <summary>Told the number of the write that was just done, from 1.</summary>
    public Action<int>? Wrote { get; set; }

    public int Writes => _writes;

    public async ValueTask DisposeAsync()
    {
        _listener.Abort();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _client.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var context = await _listener.GetContextAsync();
            _ = Task.Run(() => PassAsync(context));
        }
    }

    private async Task PassAsync(HttpListenerContext context)
    {
        try
        {
            using var request = new HttpRequestMessage(new HttpMethod(context.Request.HttpMethod), new Uri(_server, context.Request.RawUrl));
            if (context.Request.HasEntityBody)
            {
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                request.Content = new ByteArrayContent(body.ToArray());
                request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(context.Request.ContentType!);
            }

            using var answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            if (context.Request.HttpMethod is "PATCH" or "DELETE" or "PUT" && answer.IsSuccessStatusCode)
            {
                Wrote?.Invoke(Interlocked.Increment(ref _writes));
            }

            context.Response.StatusCode = (int)answer.StatusCode;
            context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
            context.Response.SendChunked = true;
            await using var from = await answer.Content.ReadAsStreamAsync();
            var buffer = new byte[64 << 10];
            for (int read; (read = await from.ReadAsync(buffer)) > 0;)
            {
                await context.Response.OutputStream.WriteAsync(buffer.AsMemory(0, read));
                await context.Response.OutputStream.FlushAsync();
            }

            context.Response.Close();
        }
        catch (Exception e) when (e is HttpRequestException or HttpListenerException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            context.Response.Abort();
        }
    }
}
