namespace DevOpsAgent.RuntimeGuard.Policy;

[Flags]
internal enum PortHit : byte
{
    None = 0,
    AllowConnect = 1,
    AllowListen = 2,
    DenyConnect = 4,
    DenyListen = 8,
}

/// <summary>What is said of each port of one range of addresses. Few ranges of ports are walked; many become a byte per port.</summary>
internal sealed class PortSet
{
    private const int MaxWalked = 8;

    private readonly (ushort First, ushort Last, PortHit Hit)[] _ranges;
    private readonly byte[]? _byPort;

    public PortSet(IReadOnlyList<(ushort First, ushort Last, PortHit Hit)> ranges)
    {
        _ranges = [.. ranges];
        if (_ranges.Length <= MaxWalked)
        {
            return;
        }

        _byPort = new byte[65536];
        foreach (var (first, last, hit) in _ranges)
        {
            for (int port = first; port <= last; port++)
            {
                _byPort[port] |= (byte)hit;
            }
        }
    }

    public PortHit Find(ushort port)
    {
        if (_byPort is not null)
        {
            return (PortHit)_byPort[port];
        }

        var hit = PortHit.None;
        foreach (var range in _ranges)
        {
            if (port >= range.First && port <= range.Last)
            {
                hit |= range.Hit;
            }
        }

        return hit;
    }
}
