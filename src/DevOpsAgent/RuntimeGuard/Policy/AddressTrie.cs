using System.Runtime.InteropServices;
using DevOpsAgent.Addresses;

namespace DevOpsAgent.RuntimeGuard.Policy;

/// <summary>
/// All ranges of one family (IPv4 or IPv6) of a process. A node looks at one byte of the address; bytes in which all ranges
/// below it agree are skipped and checked at the end. Each range knows the smallest one around it, so that every range that
/// holds an address is met. At most 4 (IPv4) or 16 (IPv6) steps, however many rules. Allocates nothing.
/// </summary>
internal sealed class AddressTrie
{
    private const int None = -1;

    private readonly Range[] _ranges;
    private readonly List<int> _slots = []; // 256 of each node: a node's number, or ~(range + 1)
    private readonly List<int> _bytes = []; // by node: which byte it looks at
    private readonly int[] _slotArray;
    private readonly int[] _byteArray;
    private readonly int _root;

    public AddressTrie(IEnumerable<(NetworkEntry Entry, bool Deny)> entries)
    {
        // Sorted by address, the wider first: the ranges around one come before it.
        _ranges = [.. entries.GroupBy(static e => e.Entry.Range).OrderBy(static g => g.Key)
            .Select(static g => new Range(g.Key, new([.. g.Select(static e => (e.Entry.FirstPort, e.Entry.LastPort, HitOf(e.Entry.Direction, e.Deny)))])))];
        var around = new Stack<int>();
        for (var i = 0; i < _ranges.Length; i++)
        {
            while (around.Count > 0 && !_ranges[around.Peek()].Addresses.Contains(_ranges[i].Addresses))
            {
                around.Pop();
            }

            _ranges[i].Around = around.Count > 0 ? around.Peek() : None;
            around.Push(i);
        }

        _root = Build(0, _ranges.Length, None);
        _slotArray = [.. _slots];
        _byteArray = [.. _bytes];
        _slots = [];
    }

    public PortHit Find(ClientAddress address, ushort port)
    {
        var at = _root;
        while (at >= 0)
        {
            at = _slotArray[(at << 8) + ByteOf(address, _byteArray[at])];
        }

        var hit = PortHit.None;
        for (var i = ~at - 1; i >= 0; i = _ranges[i].Around)
        {
            if (_ranges[i].Contains(address))
            {
                hit |= _ranges[i].Ports.Find(port);
            }
        }

        return hit;
    }

    /// <summary>A node for these ranges (or none where one step is enough), all inside <paramref name="outer"/>.</summary>
    private int Build(int from, int to, int outer)
    {
        if (from == to)
        {
            return ~(outer + 1);
        }

        // Ranges sorted by address: the widest is first among equals, and if it holds all others it is what a miss falls to.
        var widest = _ranges[from].Addresses;
        if (widest.Contains(_ranges[to - 1].Addresses))
        {
            return Build(from + 1, to, from);
        }

        var look = FirstDifference(_ranges[from].Addresses.Address, _ranges[to - 1].Addresses.Address);
        var node = _bytes.Count;
        _bytes.Add(look);
        CollectionsMarshal.SetCount(_slots, _slots.Count + 256);
        CollectionsMarshal.AsSpan(_slots)[^256..].Fill(~(outer + 1));
        for (var i = from; i < to;)
        {
            var range = _ranges[i].Addresses;
            var first = ByteOf(range.Address, look);
            var bits = BitsOf(range) - look * 8;
            if (bits < 8)
            {
                // It ends within this byte: it holds 2^(8 - bits) slots, and what lies inside it is divided again below them.
                var slots = 1 << (8 - bits);
                for (var s = first; s < first + slots; s++)
                {
                    _slots[node * 256 + s] = ~(i + 1);
                }

                i++;
                continue;
            }

            var end = i + 1;
            while (end < to && ByteOf(_ranges[end].Addresses.Address, look) == first)
            {
                end++;
            }

            var fallback = ~_slots[node * 256 + first] - 1;
            var child = Build(i, end, fallback);
            _slots[node * 256 + first] = child;
            i = end;
        }

        return node;
    }

    private static PortHit HitOf(NetworkDirection direction, bool deny) => (PortHit)((int)direction << (deny ? 2 : 0));

    private static int FirstDifference(ClientAddress a, ClientAddress b)
    {
        for (var i = 0; i < 16; i++)
        {
            if (ByteOf(a, i) != ByteOf(b, i))
            {
                return i;
            }
        }

        return 15;
    }

    /// <summary>Byte 0 is the highest of 128 bits; IPv4 lives in bytes 12 to 15.</summary>
    private static int ByteOf(ClientAddress address, int index) =>
        (int)((index < 8 ? address.High >> (56 - index * 8) : address.Low >> (120 - index * 8)) & 0xFF);

    private static int BitsOf(AddressRange range) => range.PrefixLength + (range.IsIPv4 ? 96 : 0);

    private sealed class Range(AddressRange addresses, PortSet ports)
    {
        private readonly ulong _highMask = Mask(BitsOf(addresses));
        private readonly ulong _lowMask = Mask(BitsOf(addresses) - 64);

        public AddressRange Addresses { get; } = addresses;

        public PortSet Ports { get; } = ports;

        /// <summary>The smallest range around this one; -1: none.</summary>
        public int Around { get; set; }

        public bool Contains(ClientAddress address) =>
            ((address.High ^ Addresses.Address.High) & _highMask) == 0 && ((address.Low ^ Addresses.Address.Low) & _lowMask) == 0;

        private static ulong Mask(int bits) => bits <= 0 ? 0 : bits >= 64 ? ulong.MaxValue : ulong.MaxValue << (64 - bits);
    }
}
