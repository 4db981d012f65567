namespace DevOpsAgent.Audit;

/// <summary>The segment that is written, as far as it is on disk.</summary>
internal sealed record SegmentState
{
    /// <summary>seq of its first line, or of the line that will be.</summary>
    public required long First { get; init; }

    public long Bytes { get; init; }
    public long Lines { get; init; }

    /// <summary>Lines since the last checkpoint in it, or since its start.</summary>
    public long SinceCheckpoint { get; init; }

    /// <summary>Time of its first line; null while it is empty.</summary>
    public long? SinceUnixMs { get; init; }

    /// <summary>The last line of the log, in this segment or the one before.</summary>
    public required ChainEnd End { get; init; }

    /// <summary>Hash of the closing checkpoint of the segment before.</summary>
    public required string PrevCheckpoint { get; init; }

    /// <summary>Its last line is a closing checkpoint: it is waiting to be renamed.</summary>
    public bool Closed { get; init; }
}
