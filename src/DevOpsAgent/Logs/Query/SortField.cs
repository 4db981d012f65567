namespace DevOpsAgent.Logs.Query;

/// <summary>One level of the sort: a field, <c>_score</c> or <c>_doc</c>.</summary>
internal sealed record SortField(string Field, bool Descending)
{
    public bool MissingFirst { get; init; }

    /// <summary>A value that stands in for the missing ones.</summary>
    public Literal? MissingValue { get; init; }
    public string? UnmappedType { get; init; }
    public string? Format { get; init; }

    /// <summary>min, max, sum, avg or median of several values; null: min going up, max going down.</summary>
    public string? Mode { get; init; }

    public bool IsScore => Field == "_score";

    public bool IsDoc => Field is "_doc" or "_shard_doc";
}
