using System.Net;
using System.Net.Sockets;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.Ebpf;

/// <summary>
/// Hooks may load, attach and never be asked. So one file and one port are denied to this very process, tried, and allowed again.
/// </summary>
internal static class Canary
{
    /// <summary>The port of discard. Connecting a datagram socket to it sends nothing.</summary>
    private const int Port = 9;

    /// <summary>Null: what should have been refused was.</summary>
    public static string? Network(KernelTables tables)
    {
        tables.Config = tables.Config with { CanaryTgid = (uint)Environment.ProcessId, CanaryPort = Port };
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(IPAddress.Loopback, Port);
            return "a connection that its cgroup hook denies was not refused";
        }
        catch (SocketException refused) when (refused.SocketErrorCode is SocketError.AccessDenied)
        {
            return null;
        }
        catch (SocketException other)
        {
            return $"no connection can be tried: {other.Message}";
        }
        finally
        {
            tables.Config = tables.Config with { CanaryTgid = 0, CanaryPort = 0 };
        }
    }

    public static string? Files(KernelTables tables)
    {
        var file = Path.GetTempFileName();
        try
        {
            if (Native.Libc.FileIdentity(file) is not { } identity)
            {
                return "no file can be tried";
            }

            tables.Config = tables.Config with { CanaryTgid = (uint)Environment.ProcessId, CanaryInode = identity.Inode };
            using var open = File.OpenRead(file);
            return "its hooks load and attach, but a file that they deny was opened; is bpf among the LSMs (/sys/kernel/security/lsm)?";
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
        finally
        {
            tables.Config = tables.Config with { CanaryTgid = 0, CanaryInode = 0 };
            File.Delete(file);
        }
    }
}
