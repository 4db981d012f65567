using System.Net.Sockets;

namespace DevOpsAgent.Ebpf;

/// <summary>
/// One guard in the kernel for each folder of pins: two would fight over its maps. Held by a name that the kernel frees when the
/// process ends, however it ends.
/// </summary>
internal sealed class KernelOwner : IDisposable
{
    private readonly Socket _socket;

    private KernelOwner(Socket socket) => _socket = socket;

    /// <summary>Null: another process holds it.</summary>
    public static KernelOwner? TryTake(string pins)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint($"\0devops-agent-guard:{pins}"));
            return new(socket);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    public void Dispose() => _socket.Dispose();
}
