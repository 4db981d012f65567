using System.Globalization;
using System.Net;
using DevOpsAgent.Addresses;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.RuntimeGuard.Backends.Proc;

/// <summary>The Internet sockets of one network namespace, by inode.</summary>
internal sealed class ProcSockets
{
    private const int Established = 1;
    private const int Listening = 10;

    private readonly Dictionary<long, ProcSocket> _byInode = [];
    private readonly HashSet<ushort> _tcpListening = [];

    public void AddTcp(string table)
    {
        var rows = Rows(table).ToList();
        foreach (var row in rows.Where(static r => r.State == Listening))
        {
            _tcpListening.Add(row.LocalPort);
            _byInode[row.Inode] = new(new NetworkTarget(row.Local, row.LocalPort, NetworkDirection.Listen), Raw: false);
        }

        foreach (var row in rows.Where(static r => r.State != Listening && r.RemotePort != 0))
        {
            // Who accepted a connection has a listening socket on its local port.
            _byInode[row.Inode] = new(_tcpListening.Contains(row.LocalPort) ? null : new NetworkTarget(row.Remote, row.RemotePort, NetworkDirection.Connect), Raw: false);
        }
    }

    public void AddUdp(string table)
    {
        foreach (var row in Rows(table))
        {
            _byInode[row.Inode] = new(
                row.State == Established ? new NetworkTarget(row.Remote, row.RemotePort, NetworkDirection.Connect)
                : row.LocalPort != 0 ? new NetworkTarget(row.Local, row.LocalPort, NetworkDirection.Listen)
                : null,
                Raw: false);
        }
    }

    public void AddRaw(string table)
    {
        foreach (var row in Rows(table))
        {
            _byInode[row.Inode] = new(null, Raw: true);
        }
    }

    public ProcSocket? Find(long inode) => _byInode.TryGetValue(inode, out var socket) ? socket : null;

    private static IEnumerable<Row> Rows(string table)
    {
        //   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12345 1 ...
        foreach (var line in table.Split('\n'))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length >= 10
                && TryEndpoint(fields[1], out var local, out var localPort)
                && TryEndpoint(fields[2], out var remote, out var remotePort)
                && int.TryParse(fields[3], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var state)
                && long.TryParse(fields[9], NumberStyles.None, CultureInfo.InvariantCulture, out var inode))
            {
                yield return new(local, localPort, remote, remotePort, state, inode);
            }
        }
    }

    private static bool TryEndpoint(string text, out ClientAddress address, out ushort port)
    {
        // 0100007F:1F90: words of 32 bits in the machine's byte order, which is little-endian wherever this runs.
        (address, port) = (default, 0);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon is not (8 or 32) || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out port))
        {
            return false;
        }

        var bytes = new byte[colon / 2];
        for (var i = 0; i < bytes.Length; i++)
        {
            if (!byte.TryParse(text.AsSpan(i * 2, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out bytes[(i & ~3) + 3 - (i & 3)]))
            {
                return false;
            }
        }

        address = ClientAddress.From(new IPAddress(bytes));
        return true;
    }

    private readonly record struct Row(ClientAddress Local, ushort LocalPort, ClientAddress Remote, ushort RemotePort, int State, long Inode);
}

/// <param name="Target">What it connects to or listens on; null: neither, or accepted from others.</param>
internal readonly record struct ProcSocket(NetworkTarget? Target, bool Raw);
