using System.Numerics;

namespace DevOpsAgent.Detection;

/// <summary>A set of 64-bit hashes in one array, a third of what a HashSet takes: thousands of clients have one each. Empty as default.</summary>
internal struct DistinctHashes
{
    private const int Smallest = 8;

    /// <summary>A power of two, at most three quarters full; 0 = free.</summary>
    private ulong[]? _slots;
    private bool _hasZero;

    public int Count { get; private set; }

    /// <summary>False: it was there.</summary>
    public bool Add(ulong hash)
    {
        if (hash == 0)
        {
            var added = !_hasZero;
            _hasZero = true;
            Count += added ? 1 : 0;
            return added;
        }

        if (_slots is null || Count * 4 >= _slots.Length * 3)
        {
            Grow();
        }

        var slots = _slots!;
        for (var at = Home(hash, slots.Length); ; at = (at + 1) & (slots.Length - 1))
        {
            if (slots[at] == hash)
            {
                return false;
            }

            if (slots[at] == 0)
            {
                slots[at] = hash;
                Count++;
                return true;
            }
        }
    }

    public readonly void Write(BinaryWriter to)
    {
        to.Write((ushort)Count);
        if (_hasZero)
        {
            to.Write(0UL);
        }

        foreach (var hash in _slots ?? [])
        {
            if (hash != 0)
            {
                to.Write(hash);
            }
        }
    }

    public static DistinctHashes Read(BinaryReader from)
    {
        var set = default(DistinctHashes);
        for (int i = 0, n = from.ReadUInt16(); i < n; i++)
        {
            set.Add(from.ReadUInt64());
        }

        return set;
    }

    // The top bits of a product: the low ones alone would let anyone choose paths that share a place.
    private static int Home(ulong hash, int length) => (int)(hash * Hash64.Seed >> (64 - BitOperations.Log2((uint)length)));

    private void Grow()
    {
        var old = _slots ?? [];
        _slots = new ulong[Math.Max(Smallest, old.Length * 2)];
        foreach (var hash in old)
        {
            if (hash != 0)
            {
                var at = Home(hash, _slots.Length);
                while (_slots[at] != 0)
                {
                    at = (at + 1) & (_slots.Length - 1);
                }

                _slots[at] = hash;
            }
        }
    }
}
