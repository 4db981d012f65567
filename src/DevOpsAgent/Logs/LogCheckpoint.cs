namespace DevOpsAgent.Logs;

/// <summary>How far a log was read. Everything before Offset is in the detector's stored state.</summary>
/// <param name="Source">The configured path, or "stdin".</param>
/// <param name="FileId">Device and inode as "dev:ino".</param>
/// <param name="Offset">Bytes consumed of that file, always at the start of a line.</param>
/// <param name="HeadHash">XxHash64-like hash of the file's first min(1024, Offset) bytes: tells a re-used inode or a copytruncate.</param>
internal sealed record LogCheckpoint(string Source, string FileId, long Offset, ulong HeadHash, DateTimeOffset At);
