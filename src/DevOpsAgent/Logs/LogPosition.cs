namespace DevOpsAgent.Logs;

/// <summary>
/// A block of whole lines from one source, and where reading goes on after it. Lines are separated by LF; the last line
/// of the block ends with one unless the source ended for good (stdin closed, a rotated file's last line).
/// </summary>
/// <param name="Source">The configured path, or "stdin".</param>
/// <param name="FileId">"dev:ino", or "" for stdin.</param>
/// <param name="Bytes">The lines. Belongs to the reader: valid until the next read of the same source.</param>
/// <param name="EndOffset">Offset in the file after the last byte of the block.</param>
/// <param name="HeadHash">Hash of the file's first min(1024, EndOffset) bytes, for the checkpoint.</param>
/// <param name="Config">The log's configuration: trusted proxies, trust in CLF.</param>
internal sealed record LineBlock(string Source, string FileId, ReadOnlyMemory<byte> Bytes, long EndOffset, ulong HeadHash, Configuration.LogConfig Config)
{
    /// <summary>Further positions that hold once the lines are counted, each with an id of its own.</summary>
    public IReadOnlyList<LogCheckpoint> Checkpoints { get; init; } = [];
}
