namespace DevOpsAgent.Detection;

/// <summary>Tells in a few instructions the requests that no condition can match: most of them. It may pass too much, never too little.</summary>
internal sealed class RelevanceFilter
{
    private const uint CommonMethods = 1u << (int)MethodCode.Get | 1u << (int)MethodCode.Head | 1u << (int)MethodCode.Post;

    private readonly ulong _tags;
    private readonly ulong _agentTags;
    private readonly FactFlags _shapes;
    private readonly uint _methods;
    private readonly bool _unsuccessful;
    private readonly bool _rare;
    private readonly bool _all;

    public RelevanceFilter(IEnumerable<RequestFilter> filters)
    {
        foreach (var where in filters)
        {
            Variants |= where.ShapeAny.HasFlag(FactFlags.Variant) || where.ShapeNone.HasFlag(FactFlags.Variant);
            if (where.PathAny != 0)
            {
                _tags |= where.PathAny;
            }
            else if (where.AgentAny != 0)
            {
                _agentTags |= where.AgentAny;
            }
            else if (where.Status is { } status && !Enumerable.Range(200, 200).Any(status.Contains))
            {
                _unsuccessful = true;
            }
            else if (where.ShapeAny != FactFlags.None && !where.ShapeAny.HasFlag(FactFlags.Variant))
            {
                _shapes |= where.ShapeAny;
            }
            else if (where.Methods != 0 && (where.Methods & CommonMethods) == 0)
            {
                _methods |= where.Methods;
            }
            else if (where.Status is { } rare && !rare.Contains(200) && !rare.Contains(206) && !rare.Contains(304))
            {
                // "status: 207": cheap enough to look at, rare enough to skip for 200
                _rare = true;
            }
            else
            {
                _all = true;
            }
        }
    }

    /// <summary>Some filter asks for the shape "variant", which only a client's own history can tell.</summary>
    public bool Variants { get; }

    public bool MayMatter(in EventFacts facts) =>
        (facts.Tags & _tags) != 0
        || (facts.AgentTags & _agentTags) != 0
        || (facts.Flags & _shapes) != FactFlags.None
        || (_methods >> (int)facts.Method & 1) != 0
        || (_unsuccessful && (facts.Status is < 200 or >= 400))
        || (_rare && (facts.Status is not (200 or 206 or 304)))
        || _all;
}
