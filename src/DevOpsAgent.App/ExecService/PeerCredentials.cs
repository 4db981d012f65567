using System.Buffers.Binary;
using System.Net.Sockets;

namespace DevOpsAgent.App.ExecService;

/// <summary>Who is at the other end of a Unix socket, as the kernel noted when it connected (SO_PEERCRED). Nothing that the caller says changes it.</summary>
internal sealed record PeerCredentials(int Pid, uint Uid, uint Gid)
{
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int PeerCred = 17; // SO_PEERCRED

    /// <summary>Null where the kernel doesn't say: such a caller is nobody.</summary>
    public static PeerCredentials? Of(Socket socket)
    {
        try
        {
            // struct ucred { pid_t pid; uid_t uid; gid_t gid; }
            Span<byte> credentials = stackalloc byte[12];
            return socket.GetRawSocketOption(SocketLevel, PeerCred, credentials) == credentials.Length
                ? new(Native(credentials), (uint)Native(credentials[4..]), (uint)Native(credentials[8..]))
                : null;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }

        static int Native(ReadOnlySpan<byte> bytes) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReadInt32LittleEndian(bytes) : BinaryPrimitives.ReadInt32BigEndian(bytes);
    }
}
