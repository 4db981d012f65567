using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DevOpsAgent.RuntimeGuard.Policy;

[Flags]
internal enum PathHit : byte
{
    None = 0,
    Allow = 1,
    Deny = 2,

    /// <summary>The path is not canonical: nothing else that was found counts.</summary>
    Irregular = 4,
}

/// <summary>
/// All path patterns of a process in one hash table. A path is read once, eight bytes at a time; at each slash the part
/// before it is looked up as a directory, at the end the whole as a file. The time depends on the path, not on the number
/// of rules. Allocates nothing.
/// </summary>
internal sealed class PathTable
{
    private const ulong Slashes = 0x2F2F2F2F2F2F2F2F;
    private const ulong Low7 = 0x7F7F7F7F7F7F7F7F;

    /// <summary>2^32 divided by the golden ratio: spreads the hash over its high bits.</summary>
    private const uint Golden = 0x9E3779B1;

    private readonly Slot[] _slots;
    private readonly int _shift;
    private readonly Entry[] _entries;
    private readonly StarGroup[] _stars;

    /// <summary>Of "/*", which every path is below.</summary>
    private readonly PathHit _root;

    public PathTable(IEnumerable<(PathPattern Pattern, PathHit Hit)> patterns)
    {
        var entries = new List<Entry>();
        var byPath = new Dictionary<PathKey, int>();
        var stars = new List<(PathPattern Pattern, PathHit Hit)>();
        foreach (var (pattern, hit) in patterns)
        {
            if (pattern.Components is not null)
            {
                stars.Add((pattern, hit));
                continue;
            }

            if (pattern.Path.Length == 0)
            {
                _root |= hit;
                continue;
            }

            var key = new PathKey(pattern.Path);
            if (!byPath.TryGetValue(key, out var at))
            {
                byPath[key] = at = entries.Count;
                entries.Add(new(pattern.Path, PathHit.None, PathHit.None));
            }

            var entry = entries[at];
            entries[at] = entry with { Exact = entry.Exact | hit, Tree = pattern.IsTree ? entry.Tree | hit : entry.Tree };
        }

        _entries = [.. entries];
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, entries.Count * 4));
        _slots = new Slot[size];
        _shift = 32 - BitOperations.Log2((uint)size);
        for (var i = 0; i < _entries.Length; i++)
        {
            var hash = Hash(_entries[i].Path);
            var at = Start(hash);
            while (_slots[at].Entry != 0)
            {
                at = (at + 1) & (size - 1);
            }

            _slots[at] = new(hash, i + 1);
        }

        _stars = [.. stars.GroupBy(static s => s.Pattern.Literal, StringComparer.Ordinal)
            .Select(static g => new StarGroup([.. System.Text.Encoding.UTF8.GetBytes(g.Key + "/")], [.. g.Select(static s => s.Pattern)], [.. g.Select(static s => s.Hit)]))];
    }

    /// <summary>All that is said of a path.</summary>
    /// <param name="path">UTF-8 (or whatever bytes the file system holds), not empty.</param>
    public PathHit Find(ReadOnlySpan<byte> path)
    {
        if (path[0] != '/' || path.Length > 1 && (path[^1] == '/' || path[1] <= '/' && IsDots(path, 1)))
        {
            return PathHit.Irregular;
        }

        ref var bytes = ref MemoryMarshal.GetReference(path);
        ref var slots = ref MemoryMarshal.GetArrayDataReference(_slots);
        var shift = _shift;
        uint crc = 0;
        var hits = _root;
        var skip = 0x80UL; // the first slash, before which nothing stands
        for (var at = 0; ; at += 8)
        {
            var last = at + 8 > path.Length;
            var word = last ? Tail(path, at) : Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref bytes, at));

            // A byte of difference is zero where the path has a slash; bit 7 of each such byte, and of no other, is set.
            var difference = word ^ Slashes;
            var slashes = ~(((difference & Low7) + Low7) | difference | Low7);
            slashes ^= skip;
            skip = 0;
            for (; slashes != 0; slashes &= slashes - 1)
            {
                var lane = BitOperations.TrailingZeroCount(slashes) & ~7;
                var end = at + (lane >> 3);
                var hash = BitOperations.Crc32C(crc, word & ((1UL << lane) - 1)) + (uint)end;
                var slot = Unsafe.Add(ref slots, (nint)(hash * Golden >> shift));
                if (slot.Entry != 0 && Walk(path[..end], hash) is var directory and >= 0)
                {
                    hits |= _entries[directory].Tree;
                }

                // What follows a slash is mostly a letter; "", "." and ".." are made of '.' and '/'.
                if (Unsafe.Add(ref bytes, Math.Min(end + 1, path.Length - 1)) <= '/' && IsDots(path, end + 1))
                {
                    return PathHit.Irregular;
                }
            }

            crc = BitOperations.Crc32C(crc, word);
            if (last)
            {
                break;
            }
        }

        var whole = crc + (uint)path.Length;
        if (Unsafe.Add(ref slots, (nint)(whole * Golden >> shift)).Entry != 0 && Walk(path, whole) is var file and >= 0)
        {
            hits |= _entries[file].Exact;
        }

        foreach (var group in _stars)
        {
            if (path.StartsWith(group.Prefix))
            {
                hits |= Stars(group, path);
            }
        }

        return hits;
    }

    private static PathHit Stars(StarGroup group, ReadOnlySpan<byte> path)
    {
        var hits = PathHit.None;
        for (var i = 0; i < group.Patterns.Length; i++)
        {
            if ((hits & group.Hits[i]) == PathHit.None && group.Patterns[i].Matches(path))
            {
                hits |= group.Hits[i];
            }
        }

        return hits;
    }

    /// <summary>Whether the component that begins here is "", "." or "..".</summary>
    private static bool IsDots(ReadOnlySpan<byte> path, int from) =>
        from < path.Length && path[from..] is [(byte)'/', ..] or [(byte)'.'] or [(byte)'.', (byte)'/', ..] or [(byte)'.', (byte)'.'] or [(byte)'.', (byte)'.', (byte)'/', ..];

    /// <summary>-1: no such key.</summary>
    private int Walk(ReadOnlySpan<byte> key, uint hash)
    {
        for (var at = Start(hash); ; at = (at + 1) & (_slots.Length - 1))
        {
            var slot = _slots[at];
            if (slot.Entry == 0)
            {
                return -1;
            }

            if (slot.Hash == hash && key.SequenceEqual(_entries[slot.Entry - 1].Path))
            {
                return slot.Entry - 1;
            }
        }
    }

    private int Start(uint hash) => (int)(hash * Golden >> _shift);

    private static uint Hash(ReadOnlySpan<byte> path)
    {
        uint crc = 0;
        var at = 0;
        for (; at + 8 <= path.Length; at += 8)
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(path[at..]));
        }

        return BitOperations.Crc32C(crc, Tail(path, at)) + (uint)path.Length;
    }

    /// <summary>The last zero to seven bytes, above them zeros.</summary>
    private static ulong Tail(ReadOnlySpan<byte> path, int from)
    {
        var rest = path.Length - from;
        if (path.Length >= 8)
        {
            return rest == 0 ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(path[^8..]) >> ((8 - rest) * 8);
        }

        var tail = 0UL;
        for (var i = path.Length - 1; i >= 0; i--)
        {
            tail = tail << 8 | path[i];
        }

        return tail;
    }

    /// <param name="Entry">Index plus 1; 0: empty.</param>
    private readonly record struct Slot(uint Hash, int Entry);

    private readonly record struct Entry(byte[] Path, PathHit Exact, PathHit Tree);

    private sealed record StarGroup(byte[] Prefix, PathPattern[] Patterns, PathHit[] Hits);

    private readonly struct PathKey(byte[] path) : IEquatable<PathKey>
    {
        private readonly byte[] _path = path;

        public bool Equals(PathKey other) => _path.AsSpan().SequenceEqual(other._path);

        public override bool Equals(object? obj) => obj is PathKey other && Equals(other);

        public override int GetHashCode() => (int)Hash(_path);
    }
}
