using System.Net.Sockets;

namespace DevOpsAgent.RuntimeGuard.Alerts;

/// <summary>log_to_syslog: one datagram per alert, to a Unix socket or by UDP. The socket is opened for each delivery: a syslog that was restarted has a new one.</summary>
/// <param name="address">"/dev/log" or "udp://host:port".</param>
internal sealed class SyslogChannel(string address, string host, int pid, TimeProvider time) : IAlertChannel
{
    private const int MaxDatagram = 2_048; // RFC 5424, 6.1: what receivers should take

    public string Name => "syslog";

    public string Action => "log_to_syslog";

    public int MaxBatch => 200;

    public TimeSpan Every => TimeSpan.FromSeconds(1);

    public async Task SendAsync(AlertBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            using var socket = await ConnectAsync(cancellationToken);
            if (batch.Lost > 0)
            {
                await socket.SendAsync(Cut(SyslogMessage.Lost(batch.Lost, time.GetUtcNow(), host, pid)), cancellationToken);
            }

            foreach (var alert in batch.Alerts)
            {
                await socket.SendAsync(Cut(SyslogMessage.Of(alert, host, pid)), cancellationToken);
            }
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            throw new AlertDeliveryException($"{address}: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        // Nothing is held between deliveries.
    }

    private async Task<Socket> ConnectAsync(CancellationToken cancellationToken)
    {
        var unix = address[0] == '/';
        if (unix && !File.Exists(address))
        {
            throw new AlertDeliveryException($"there is no socket {address}; is a syslog running? Or set runtime_guard.alerts.syslog"); // connect says only that the address can't be assigned
        }

        var socket = unix ? new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) : new Socket(SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (unix)
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(address), cancellationToken);
            }
            else
            {
                var url = new Uri(address);
                await socket.ConnectAsync(url.IdnHost, url.Port, cancellationToken);
            }

            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>At a character's start: half a character would make the whole message unreadable.</summary>
    private static ReadOnlyMemory<byte> Cut(byte[] message)
    {
        var length = Math.Min(message.Length, MaxDatagram);
        while (length < message.Length && (message[length] & 0xC0) == 0x80)
        {
            length--;
        }

        return message.AsMemory(0, length);
    }
}
