using System.Runtime.InteropServices;
using DevOpsAgent.Addresses;

namespace DevOpsAgent.Logs;

/// <summary>
/// Collects what a log shows of the way that requests come: who the TCP peers are, and whether ClientHost says something
/// else. Bounded. Not thread-safe: each thread has its own, then they are merged. The verdict is in <see cref="Report"/>.
/// </summary>
internal sealed class Topology(ClientResolver resolver)
{
    /// <summary>Far above the edge addresses of one provider that reach one Traefik. Peers beyond it are counted together.</summary>
    public const int MaxPeers = 512;

    /// <summary>After so many lines only one in <see cref="SampleEvery"/> is looked at.</summary>
    private const int FullLines = 50_000;

    private const int SampleEvery = 16;

    private readonly Dictionary<ClientAddress, PeerLines> _peers = [];
    private PeerLines _others;
    private long _observed;

    /// <summary>Lines of which the peer is known (and which were looked at).</summary>
    public long Lines { get; private set; }

    /// <summary>Lines without a peer: CLF.</summary>
    public long LinesWithoutPeer { get; private set; }

    public void Observe(in LogEvent e)
    {
        if (_observed++ < FullLines || _observed % SampleEvery == 0)
        {
            Observe(e.Peer, e.ClientHost);
        }
    }

    /// <summary><paramref name="clientHost"/>: ClientHost as logged.</summary>
    public void Observe(ClientAddress peer, ReadOnlySpan<byte> clientHost)
    {
        if (peer.IsNone)
        {
            LinesWithoutPeer++;
            return;
        }

        Lines++;
        ref var lines = ref Slot(peer);
        lines.Count++;
        if (clientHost.IsEmpty || (ClientResolver.TryReadHop(clientHost, out var host) && host == peer))
        {
            return;
        }

        lines.Forwarded++;
        lines.Clients |= 1UL << (int)(Hash(clientHost) >> 58);
        var comma = clientHost.LastIndexOf((byte)',');
        if (comma >= 0 && resolver.IsTrusted(peer) && ClientResolver.TryReadHop(clientHost[(comma + 1)..].Trim((byte)' '), out var last) && resolver.IsTrusted(last))
        {
            lines.Chained++;
        }
    }

    public void Merge(Topology other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Lines += other.Lines;
        LinesWithoutPeer += other.LinesWithoutPeer;
        _observed += other._observed;
        _others.Add(other._others);
        foreach (var (peer, lines) in other._peers)
        {
            Slot(peer).Add(lines);
        }
    }

    public TopologyReport Report() => TopologyReport.From(Lines, LinesWithoutPeer, _peers, _others, resolver);

    private ref PeerLines Slot(ClientAddress peer)
    {
        if (_peers.Count < MaxPeers)
        {
            return ref CollectionsMarshal.GetValueRefOrAddDefault(_peers, peer, out _)!;
        }

        ref var known = ref CollectionsMarshal.GetValueRefOrNullRef(_peers, peer);
        return ref System.Runtime.CompilerServices.Unsafe.IsNullRef(ref known) ? ref _others : ref known;
    }

    // FNV-1a, spread: only to tell a few different header values from many.
    private static ulong Hash(ReadOnlySpan<byte> text)
    {
        var hash = 14695981039346656037UL;
        foreach (var b in text[..Math.Min(text.Length, 64)])
        {
            hash = (hash ^ b) * 1099511628211UL;
        }

        return hash * 0x9E3779B97F4A7C15UL;
    }
}

/// <summary>The lines of one peer. Clients: a bitmap of hashed ClientHost values, to estimate how many there are.</summary>
/// <param name="Chained">Lines whose last hop is a trusted proxy as the peer is: two stand in a row.</param>
internal record struct PeerLines(long Count, long Forwarded, ulong Clients, long Chained = 0)
{
    public void Add(PeerLines other)
    {
        Count += other.Count;
        Forwarded += other.Forwarded;
        Clients |= other.Clients;
        Chained += other.Chained;
    }
}
