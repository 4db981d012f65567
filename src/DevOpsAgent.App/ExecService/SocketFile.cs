using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text;
using DevOpsAgent.App.Cli;

namespace DevOpsAgent.App.ExecService;

/// <summary>The path of the service's Unix socket: made safe before listening, and freed of what a killed service left there.</summary>
[UnsupportedOSPlatform("windows")]
internal static class SocketFile
{
    private const int MaxPath = 107; // sun_path, with its final zero

    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>The socket, bound and listening. Throws <see cref="CommandException"/> with what is in the way and what to do.</summary>
    public static Socket Listen(string path, UnixFileMode mode, string key = "exec.socket")
    {
        if (Encoding.UTF8.GetByteCount(path) > MaxPath)
        {
            throw CommandException.Usage($"The path of the socket is longer than {MaxPath} bytes: {path}", $"Set {key} to a shorter one, as /run/devops-agent/exec.sock.");
        }

        var directory = Path.GetDirectoryName(path)!;
        CheckDirectory(directory, key);

        // Two services that start at once: without the lock the second could remove the socket on which the first just began to listen.
        using var held = UnixProcess.LockDirectory(directory);
        if (File.Exists(path))
        {
            RemoveStale(path, key);
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(path)); // for the owner only, by the umask
            socket.Listen(512);
            File.SetUnixFileMode(path, mode);
            return socket;
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            socket.Dispose();
            throw CommandException.Dependency($"The socket {path} can't be made: {e.Message}", $"Set {key} to a path in a directory that this user may write.");
        }
    }

    /// <summary>
    /// Attack: whoever may write the directory replaces the socket by one of his own and reads what callers send. So only its
    /// owner may, and that is this user or root.
    /// </summary>
    private static void CheckDirectory(string directory, string key)
    {
        try
        {
            Directory.CreateDirectory(directory);
            var mode = File.GetUnixFileMode(directory);
            if ((mode & OthersWrite) != UnixFileMode.None)
            {
                throw CommandException.Usage($"Other users may write the directory {directory}, and could put a socket of their own there.", $"chmod go-w {directory}, or set {key} to a path in a directory of this user alone.");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandException.Dependency($"The directory {directory} can't be used: {e.Message}", $"Set {key} to a path in a directory that this user may write.");
        }

        if (UnixProcess.OwnerOf(directory) is var owner && owner != 0 && owner != UnixProcess.UserId)
        {
            throw CommandException.Usage($"The directory {directory} belongs to another user.", $"Set {key} to a path in a directory of this user.");
        }
    }

    private static void RemoveStale(string path, string key)
    {
        // A connection to a plain file is refused, too: only what is a socket may be taken for a dead service's.
        if (!UnixProcess.IsSocket(path))
        {
            throw CommandException.Usage($"{path} is in the way, and is not a socket.", $"Set {key} to another path, or move the file away.");
        }

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            File.Delete(path); // a service that was killed left it
            return;
        }
        catch (SocketException e)
        {
            throw CommandException.Dependency($"{path} is in the way and can't be reached ({e.Message}).", $"Remove it if nothing needs it, or set {key} to another path.");
        }

        throw CommandException.Dependency($"Another service listens on {path}.", $"Stop it first, or set {key} to another path.");
    }
}
