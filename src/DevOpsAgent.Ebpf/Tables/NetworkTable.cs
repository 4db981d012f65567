using System.Buffers.Binary;
using System.Numerics;
using DevOpsAgent.Addresses;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.Ebpf.Tables;

/// <summary>
/// The network lists of a policy for two tries of longest prefixes. Such a trie finds only the smallest range around an address, so each
/// range carries what the ranges around it say, too; ports that differ are cut into blocks of powers of two.
/// </summary>
internal sealed class NetworkTable
{
    private const int PortBits = 16;

    private uint _sets;

    public NetworkTable(ProcessPolicy policy)
    {
        var entries = policy.AllowedNetwork.SelectMany(static r => r.Values.Select(static e => (Entry: e, Deny: false)))
            .Concat(policy.BlockedNetwork.SelectMany(static r => r.Values.Select(static e => (Entry: e, Deny: true))));
        // Sorted by address, the wider first: the ranges around one come before it.
        var around = new Stack<(AddressRange Range, List<PortSpan> Spans)>();
        foreach (var group in entries.GroupBy(static e => e.Entry.Range).OrderBy(static g => g.Key.IsIPv4).ThenBy(static g => g.Key))
        {
            while (around.Count > 0 && (around.Peek().Range.IsIPv4 != group.Key.IsIPv4 || !around.Peek().Range.Contains(group.Key)))
            {
                around.Pop();
            }

            var spans = group.Select(static e => new PortSpan(e.Entry.FirstPort, e.Entry.LastPort, (uint)e.Entry.Direction << (e.Deny ? 2 : 0)));
            var all = Flatten(around.Count > 0 ? spans.Concat(around.Peek().Spans) : spans);
            around.Push((group.Key, all));
            Add(group.Key, all);
        }
    }

    public List<(NetKey Key, NetValue Value)> Ranges { get; } = [];

    public List<(PortKey Key, uint Hits)> Ports { get; } = [];

    /// <summary>Neighbours that don't overlap, each with all that is said of it.</summary>
    private static List<PortSpan> Flatten(IEnumerable<PortSpan> spans)
    {
        var all = spans.ToList();
        var cuts = all.SelectMany(static s => new[] { s.First, s.Last + 1 }).Distinct().Order().ToList();
        var flat = new List<PortSpan>();
        for (var i = 0; i + 1 < cuts.Count; i++)
        {
            var hits = all.Where(s => s.First <= cuts[i] && s.Last >= cuts[i]).Aggregate(0U, static (h, s) => h | s.Hits);
            if (hits != 0)
            {
                flat.Add(new(cuts[i], cuts[i + 1] - 1, hits));
            }
        }

        return flat;
    }

    private void Add(AddressRange range, List<PortSpan> spans)
    {
        var key = new NetKey { Bits = 8 + (uint)range.PrefixLength, Family = (byte)(range.IsIPv4 ? 4 : 6) };
        if (range.IsIPv4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(key.Address, (uint)range.Address.Low);
        }
        else
        {
            BinaryPrimitives.WriteUInt64BigEndian(key.Address, range.Address.High);
            BinaryPrimitives.WriteUInt64BigEndian(((Span<byte>)key.Address)[8..], range.Address.Low);
        }

        if (spans is [{ First: 0, Last: ushort.MaxValue } only])
        {
            Ranges.Add((key, new(only.Hits, 0)));
            return;
        }

        Ranges.Add((key, new(0, ++_sets)));
        foreach (var span in spans)
        {
            for (var first = span.First; first <= span.Last;)
            {
                var bits = first == 0 ? PortBits : BitOperations.TrailingZeroCount(first);
                while (first + (1 << bits) - 1 > span.Last)
                {
                    bits--;
                }

                Ports.Add((new((uint)(32 + PortBits - bits), BinaryPrimitives.ReverseEndianness(_sets), BinaryPrimitives.ReverseEndianness((ushort)first), 0), span.Hits));
                first += 1 << bits;
            }
        }
    }

    private readonly record struct PortSpan(int First, int Last, uint Hits);
}
