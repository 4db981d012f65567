namespace DevOpsAgent.Logs.Sources;

internal enum SourceState : byte
{
    /// <summary>Reading, or up to date and listening.</summary>
    Following,

    /// <summary>Nothing to read yet: the file doesn't exist, or no file matches.</summary>
    Waiting,

    /// <summary>It can't be read; it is tried again every second.</summary>
    Error,

    /// <summary>Standard input was closed.</summary>
    Ended,
}

/// <summary>How one source is doing, for health pages.</summary>
/// <param name="Source">The followed path, or "stdin"; for a glob without matches the glob.</param>
/// <param name="Advice">Where the state isn't Following: what is the matter and what to do, as one or two sentences.</param>
/// <param name="BytesRead">Bytes handed out since the start of the program.</param>
/// <param name="LagBytes">Size of the file minus what was handed out of it, as last looked.</param>
/// <param name="LastReadAt">When the last block was handed out.</param>
/// <param name="Rotations">How often the file was replaced, renamed or truncated.</param>
/// <param name="SkippedLongLines">Lines beyond 64 KiB, and their bytes.</param>
/// <param name="LastError">The last thing that went wrong, even if it is over.</param>
internal sealed record SourceStatus(
    string Source,
    SourceState State,
    string? Advice,
    long BytesRead,
    long LagBytes,
    DateTimeOffset? LastReadAt,
    long Rotations,
    long SkippedLongLines,
    long SkippedBytes,
    string? LastError);
