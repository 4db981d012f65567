namespace DevOpsAgent.Logs.Query;

/// <summary>A whole search as our own tree. Nothing of the caller's text reaches an index but through it.</summary>
internal sealed record SearchRequest
{
    public const int DefaultSize = 10;

    public QueryNode? Query { get; init; }
    public QueryNode? PostFilter { get; init; }
    public int From { get; init; }
    public int Size { get; init; } = DefaultSize;
    public IReadOnlyList<SortField> Sort { get; init; } = [];
    public IReadOnlyList<Literal>? SearchAfter { get; init; }
    public IReadOnlyList<AggregationNode> Aggregations { get; init; } = [];
    public SourceFilter Source { get; init; } = SourceFilter.All;
    public IReadOnlyList<FieldPick> Fields { get; init; } = [];
    public IReadOnlyList<FieldPick> DocValueFields { get; init; } = [];

    /// <summary><c>stored_fields: "_none_"</c>: hits carry neither id nor source.</summary>
    public bool NoStoredFields { get; init; }

    /// <summary>Exact up to this many; -1: always exact; 0: not counted.</summary>
    public int TrackTotalHits { get; init; } = 10_000;

    /// <summary>The caller asked for exact totals in so many words: bodies with size 0 then tell terminated_early.</summary>
    public bool TracksAll => TrackTotalHits == -1;
    public bool TrackScores { get; init; }
    public float? MinScore { get; init; }
    public int TerminateAfter { get; init; }
    public bool Version { get; init; }
    public bool SeqNoPrimaryTerm { get; init; }
    public bool Explain { get; init; }
    public string? CollapseField { get; init; }
    public Highlight? Highlight { get; init; }
    /// <summary>Names of aggregations carry their types in the answer.</summary>
    public bool TypedKeys { get; init; }
    public string? PitId { get; init; }
    public IReadOnlyList<(string Index, float Boost)> IndexBoosts { get; init; } = [];
}

/// <summary>Which parts of the source come back. A pattern names a field or an object, <c>*</c> stands for anything.</summary>
internal sealed record SourceFilter(bool Fetch, IReadOnlyList<string> Includes, IReadOnlyList<string> Excludes)
{
    public static SourceFilter All { get; } = new(true, [], []);

    public static SourceFilter None { get; } = new(false, [], []);

    public bool IsWhole => Fetch && Includes.Count == 0 && Excludes.Count == 0;
}

/// <summary>A field, or a pattern, whose values come back beside the source, with the format of its dates.</summary>
internal readonly record struct FieldPick(string Pattern, string? Format);

/// <summary>Marks the matching words of hits.</summary>
internal sealed record Highlight(IReadOnlyList<string> Fields)
{
    public string PreTag { get; init; } = "<em>";
    public string PostTag { get; init; } = "</em>";
    public int FragmentSize { get; init; } = 100;
    public int Fragments { get; init; } = 5;
    public bool RequireFieldMatch { get; init; } = true;
}
