using System.Text;

namespace DevOpsAgent.Detection;

/// <summary>
/// All lists compiled to one matcher: a request gets one bit per list that matched. Immutable, shared by threads.
/// </summary>
internal sealed class PatternLists
{
    /// <summary>Lists that fit in the bits of one tag mask.</summary>
    public const int MaxLists = 64;

    private const ulong NameSeed = 0x5851_F42D_4C95_7F2D;
    private const ulong DirectorySeed = 0x1405_7B7E_F767_814F;
    private const ulong RootSeed = Hash64.Seed;

    private readonly Dictionary<string, int> _bits = new(StringComparer.Ordinal);
    private readonly Dictionary<ulong, ulong> _whole = [];
    private readonly Dictionary<ulong, ulong> _below = [];
    private readonly Dictionary<ulong, ulong> _names = [];
    private readonly Dictionary<ulong, ulong> _directories = [];
    private readonly List<Wildcard>?[] _byFirst = new List<Wildcard>?[256];
    private readonly List<Wildcard>?[] _byLast = new List<Wildcard>?[256];
    private readonly List<Wildcard> _wildcards = [];
    private readonly SubstringAutomaton _texts;
    private readonly ulong _pathTexts;
    private readonly ulong _queryTexts;
    private readonly ulong _agentTexts;
    private readonly ulong _stems;
    private readonly ulong[] _byDepth = new ulong[256];
    private readonly int _nameLengths;
    private readonly int _directoryLengths;

    public PatternLists(IReadOnlyList<PatternList> lists)
    {
        if (lists.Count > MaxLists)
        {
            throw new ArgumentException($"More than {MaxLists} lists.", nameof(lists));
        }

        Lists = lists;
        var texts = new Dictionary<string, ulong>(StringComparer.Ordinal);
        for (var bit = 0; bit < lists.Count; bit++)
        {
            var list = lists[bit];
            var mask = 1UL << bit;
            _bits[list.Name] = bit;
            _pathTexts |= list.Targets.HasFlag(MatchTarget.Path) ? mask : 0;
            _queryTexts |= list.Targets.HasFlag(MatchTarget.Query) ? mask : 0;
            _stems |= list.Stem ? mask : 0;
            _agentTexts |= list.Targets.HasFlag(MatchTarget.Agent) ? mask : 0;
            for (var depth = 0; depth <= Math.Min(list.MaxDepth, 255); depth++)
            {
                _byDepth[depth] |= mask;
            }

            foreach (var pattern in list.Patterns)
            {
                if (pattern.Text[0] == '~')
                {
                    texts[pattern.Text[1..]] = texts.GetValueOrDefault(pattern.Text[1..]) | mask;
                }
                else
                {
                    Add(pattern.Text, mask, ref _nameLengths, ref _directoryLengths);
                }
            }
        }

        foreach (var wildcard in _wildcards)
        {
            ref var bucket = ref wildcard.Prefix.Length > 0 ? ref _byFirst[wildcard.Prefix[0]] : ref _byLast[wildcard.Suffix[^1]];
            (bucket ??= []).Add(wildcard);
        }

        _texts = new(texts.Select(t => (Encoding.UTF8.GetBytes(t.Key), t.Value)).ToArray());
    }

    public IReadOnlyList<PatternList> Lists { get; }

    public IEnumerable<string> Names => _bits.Keys;

    public bool TryGetMask(string name, out ulong mask)
    {
        var found = _bits.TryGetValue(name, out var bit);
        mask = found ? 1UL << bit : 0;
        return found;
    }

    /// <summary>The names of the lists in a mask, for people.</summary>
    public IEnumerable<string> NamesOf(ulong mask) => _bits.Where(b => (mask >> b.Value & 1) != 0).Select(b => b.Key);

    /// <summary>Lists that the user agent matches. <paramref name="lower"/>: the agent in lower case.</summary>
    public ulong MatchAgent(ReadOnlySpan<byte> lower) => _texts.Match(lower) & _agentTexts;

    public ulong MatchPath(CanonicalPath path)
    {
        Span<ulong> segments = stackalloc ulong[ClassifierScratch.MaxSegments];
        var count = path.SegmentCount;
        for (var i = 0; i < count; i++)
        {
            segments[i] = Hash64.Of(path.Segment(i));
        }

        segments = segments[..count];
        var found = MatchWhole(segments, path.TrailingSlash) | MatchNames(segments) | MatchDirectories(segments, path.TrailingSlash);
        if (count > 0)
        {
            found |= MatchWildcards(path, segments);
            found |= MatchStem(path.Segment(count - 1), count - 1);
        }

        found |= _texts.Match(path.Decoded) & _pathTexts;
        if ((path.Flags & (FactFlags.Traversal | FactFlags.Trick)) != FactFlags.None)
        {
            found |= _texts.Match(path.Path) & _pathTexts;
        }

        return path.Query.IsEmpty ? found : found | (_texts.Match(path.Query) & _queryTexts);
    }

    /// <summary>The hash that stands for a canonical path everywhere.</summary>
    public static ulong HashOf(CanonicalPath path)
    {
        var hash = RootSeed;
        for (var i = 0; i < path.SegmentCount; i++)
        {
            hash = Hash64.Chain(hash, Hash64.Of(path.Segment(i)));
        }

        return hash;
    }

    private ulong MatchWhole(ReadOnlySpan<ulong> segments, bool trailingSlash)
    {
        ulong found = 0;
        var hash = RootSeed;
        for (var i = 0; i < segments.Length; i++)
        {
            hash = Hash64.Chain(hash, segments[i]);
            if ((i + 1 < segments.Length || trailingSlash) && _below.TryGetValue(hash, out var below))
            {
                found |= below;
            }
        }

        return _whole.TryGetValue(hash, out var whole) ? found | whole : found;
    }

    private ulong MatchNames(ReadOnlySpan<ulong> segments)
    {
        ulong found = 0;
        for (var length = 1; length <= segments.Length && length < 32; length++)
        {
            if ((_nameLengths >> length & 1) != 0 && _names.TryGetValue(Chain(NameSeed, segments[^length..]), out var mask))
            {
                found |= mask & _byDepth[segments.Length - length];
            }
        }

        return found;
    }

    private ulong MatchStem(ReadOnlySpan<byte> last, int depth)
    {
        var dot = last.LastIndexOf((byte)'.');
        return _stems != 0 && dot > 0 && _names.TryGetValue(Hash64.Chain(NameSeed, Hash64.Of(last[..dot])), out var mask)
            ? mask & _stems & _byDepth[depth]
            : 0;
    }

    private ulong MatchDirectories(ReadOnlySpan<ulong> segments, bool trailingSlash)
    {
        ulong found = 0;
        var end = trailingSlash ? segments.Length : segments.Length - 1;
        for (var start = 0; start < end; start++)
        {
            for (var length = 1; start + length <= end && length < 32; length++)
            {
                if ((_directoryLengths >> length & 1) != 0 && _directories.TryGetValue(Chain(DirectorySeed, segments.Slice(start, length)), out var mask))
                {
                    found |= mask & _byDepth[start];
                }
            }
        }

        return found;
    }

    private ulong MatchWildcards(CanonicalPath path, ReadOnlySpan<ulong> segments)
    {
        ulong found = 0;
        var last = path.Segment(path.SegmentCount - 1);
        foreach (var bucket in (ReadOnlySpan<List<Wildcard>?>)[_byFirst[last[0]], _byLast[last[^1]]])
        {
            if (bucket is null)
            {
                continue;
            }

            foreach (var wildcard in bucket)
            {
                if (last.Length >= wildcard.Prefix.Length + wildcard.Suffix.Length && last.StartsWith(wildcard.Prefix) && last.EndsWith(wildcard.Suffix)
                    && segments[..^1].EndsWith(wildcard.Directories) && (!wildcard.Anchored || segments.Length == wildcard.Directories.Length + 1))
                {
                    found |= wildcard.Mask & _byDepth[segments.Length - 1 - wildcard.Directories.Length];
                }
            }
        }

        return found;
    }

    private void Add(string pattern, ulong mask, ref int nameLengths, ref int directoryLengths)
    {
        var anchored = pattern[0] == '/';
        var kind = pattern.EndsWith("/**", StringComparison.Ordinal) ? "**" : pattern.EndsWith("/*", StringComparison.Ordinal) ? "*" : "";
        var parts = pattern[..^(kind.Length == 0 ? 0 : kind.Length + 1)].Split('/', StringSplitOptions.RemoveEmptyEntries);
        var hashes = parts.Select(p => Hash64.Of(Encoding.UTF8.GetBytes(p))).ToArray();
        if (kind.Length == 0 && parts[^1].Contains('*', StringComparison.Ordinal))
        {
            var star = parts[^1].IndexOf('*', StringComparison.Ordinal);
            _wildcards.Add(new(
                Encoding.UTF8.GetBytes(parts[^1][..star]),
                Encoding.UTF8.GetBytes(parts[^1][(star + 1)..]),
                hashes[..^1],
                anchored,
                mask));
        }
        else if (kind.Length > 0 && anchored)
        {
            Or(_below, Chain(RootSeed, hashes), mask);
        }
        else if (kind.Length > 0)
        {
            directoryLengths |= 1 << hashes.Length;
            Or(_directories, Chain(DirectorySeed, hashes), mask);
        }
        else if (anchored)
        {
            Or(_whole, Chain(RootSeed, hashes), mask);
        }
        else
        {
            nameLengths |= 1 << hashes.Length;
            Or(_names, Chain(NameSeed, hashes), mask);
        }
    }

    private static void Or(Dictionary<ulong, ulong> table, ulong key, ulong mask) => table[key] = table.GetValueOrDefault(key) | mask;

    private static ulong Chain(ulong seed, ReadOnlySpan<ulong> hashes)
    {
        foreach (var hash in hashes)
        {
            seed = Hash64.Chain(seed, hash);
        }

        return seed;
    }

    private sealed record Wildcard(byte[] Prefix, byte[] Suffix, ulong[] Directories, bool Anchored, ulong Mask);
}
