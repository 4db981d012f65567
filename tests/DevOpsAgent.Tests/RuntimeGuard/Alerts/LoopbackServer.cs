using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DevOpsAgent.Tests.RuntimeGuard.Alerts;

/// <summary>A TCP server on loopback that answers each connection as a test says, one line or block at a time.</summary>
internal sealed class LoopbackServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    public LoopbackServer(Func<Stream, CancellationToken, Task> serve)
    {
        _listener.Start();
        _serving = Task.Run(() => RunAsync(serve));
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>A web server that keeps each request and gives this answer.</summary>
    public static LoopbackServer Http(List<string> requests, Func<string> answer) => new(async (stream, cancellation) =>
    {
        var request = await ReadHttpAsync(stream, cancellation);
        lock (requests)
        {
            requests.Add(request);
        }

        await stream.WriteAsync(Encoding.ASCII.GetBytes(answer()), cancellation);
    });

    public static async Task<string> ReadHttpAsync(Stream stream, CancellationToken cancellationToken)
    {
        var bytes = new List<byte>();
        var one = new byte[4_096];
        while (true)
        {
            var text = Encoding.UTF8.GetString([.. bytes]);
            var head = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (head >= 0)
            {
                var length = text[..head].Split("\r\n").FirstOrDefault(static l => l.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) is { } line ? int.Parse(line[15..], System.Globalization.CultureInfo.InvariantCulture) : 0;
                if (Encoding.UTF8.GetByteCount(text[(head + 4)..]) >= length)
                {
                    return text;
                }
            }

            var read = await stream.ReadAsync(one, cancellationToken);
            if (read == 0)
            {
                return text;
            }

            bytes.AddRange(one[..read]);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _serving;
        _stop.Dispose();
    }

    private async Task RunAsync(Func<Stream, CancellationToken, Task> serve)
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                await serve(client.GetStream(), _stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or IOException or InvalidOperationException)
        {
            // The test is over, or the client hung up.
        }
    }
}
