namespace DevOpsAgent.Detection;

/// <summary>
/// Which filters a request matches depends on a few of its facts, and requests repeat in these: what was found for recent
/// ones is remembered, so that most need no filter at all. Exact: what the memo holds is compared, not only its hash.
/// Belongs to one thread.
/// </summary>
internal sealed class MatchMemo
{
    private const int Slots = 1024;

    private readonly RequestFilter[] _filters;
    private readonly RuleException[][] _exceptions;
    private readonly int _words;
    private readonly Signature _relevant;
    private readonly Signature[] _signatures = new Signature[Slots];
    private readonly ulong[] _matches;
    private readonly ulong[] _excepted;

    /// <param name="exceptions">For each filter, what is not counted by its rule.</param>
    public MatchMemo(RequestFilter[] filters, RuleException[][] exceptions)
    {
        (_filters, _exceptions) = (filters, exceptions);
        _words = (filters.Length + 63) / 64;
        _matches = new ulong[Slots * _words];
        _excepted = new ulong[Slots * _words];
        foreach (var where in filters.Concat(exceptions.SelectMany(static e => e).Select(static e => e.Where)))
        {
            _relevant.Tags |= where.PathAny | where.PathNone;
            _relevant.AgentTags |= where.AgentAny | where.AgentNone;
            _relevant.Shapes |= where.ShapeAny | where.ShapeNone;
            _relevant.Host = where.Hosts.Count > 0 ? uint.MaxValue : _relevant.Host;
            _relevant.Depth = where.MaxDepth < byte.MaxValue ? Math.Max(_relevant.Depth, (byte)(where.MaxDepth + 1)) : _relevant.Depth;
        }
    }

    /// <summary>One bit per filter that the request matches. <paramref name="excepted"/>: the same for those whose exceptions may let it pass.</summary>
    public ReadOnlySpan<ulong> Of(in EventFacts facts, out ReadOnlySpan<ulong> excepted)
    {
        var signature = new Signature
        {
            Tags = facts.Tags & _relevant.Tags,
            AgentTags = facts.AgentTags & _relevant.AgentTags,
            Shapes = facts.Flags & _relevant.Shapes,
            Host = facts.HostHash & _relevant.Host,
            Status = facts.Status,
            Method = facts.Method,
            Depth = Math.Min(facts.Depth, _relevant.Depth),
            IsKnown = true,
        };
        var slot = signature.Home & (Slots - 1);
        var matches = _matches.AsSpan(slot * _words, _words);
        var passes = _excepted.AsSpan(slot * _words, _words);
        excepted = passes;
        if (!_signatures[slot].Is(signature))
        {
            _signatures[slot] = signature;
            Match(facts, matches, passes);
        }

        return matches;
    }

    private void Match(in EventFacts facts, Span<ulong> matches, Span<ulong> excepted)
    {
        matches.Clear();
        excepted.Clear();
        for (var i = 0; i < _filters.Length; i++)
        {
            if (!_filters[i].Matches(facts))
            {
                continue;
            }

            matches[i >> 6] |= 1UL << (i & 63);
            foreach (var exception in _exceptions[i])
            {
                if (exception.Where.Matches(facts))
                {
                    excepted[i >> 6] |= 1UL << (i & 63);
                }
            }
        }
    }

    private struct Signature
    {
        public ulong Tags;
        public ulong AgentTags;
        public FactFlags Shapes;
        public uint Host;
        public ushort Status;
        public MethodCode Method;
        public byte Depth;
        public bool IsKnown;

        public readonly int Home => (int)(Hash64.Chain(Hash64.Chain(Tags, AgentTags), (ulong)Shapes << 32 ^ Host ^ (ulong)Status << 16 ^ (ulong)Method << 8 ^ Depth) >> 40);

        public readonly bool Is(in Signature other) =>
            Tags == other.Tags && AgentTags == other.AgentTags && Shapes == other.Shapes && Host == other.Host
            && Status == other.Status && Method == other.Method && Depth == other.Depth && IsKnown == other.IsKnown;
    }
}
