using System.Globalization;
using System.Security.Cryptography;
using DevOpsAgent.Files;

namespace DevOpsAgent.Audit;

/// <summary>
/// Finds where a log goes on, at the start. What a crash leaves is repaired: a torn tail is moved aside, a rotation that was
/// begun is finished later. Anything else that is wrong is not: then the log is evidence, and nothing more is written to it.
/// </summary>
internal sealed class SegmentRecovery(string directory, AuditKeys keys, long nowUnixMs)
{
    private long _good;

    /// <summary>Bytes behind the last whole line that were moved aside; 0 for none.</summary>
    public long TornBytes { get; private set; }

    public string TornFile { get; private set; } = "";

    public string TornSha256 { get; private set; } = "";

    /// <exception cref="AuditException">The log can't be read, or was changed.</exception>
    public SegmentState Run()
    {
        try
        {
            var head = HeadFile.Read(directory, keys.TryFindPublic, out var problem);
            if (problem is not null)
            {
                throw Damaged(SegmentName.Head, problem);
            }

            var start = Before();
            var state = Scan(start);
            if (head is { } known && known.Seq > state.End.Seq)
            {
                throw Damaged(SegmentName.Current, $"ends with line {state.End.Seq}, but had come to {known.Seq} before: lines are missing at its end");
            }

            return state;
        }
        catch (Exception e) when (AuditFaults.IsIo(e))
        {
            throw AuditFaults.Of(e, directory);
        }
    }

    /// <summary>The end of what was closed before the current segment.</summary>
    private SegmentState Before()
    {
        var path = SegmentName.ListClosed(directory).LastOrDefault().Path;
        if (path is null)
        {
            // All closed ones were let go. The last checkpoint may be that of the current segment, if a crash came before its rename.
            var first = FirstOfCurrent();
            var kept = CheckpointFile.Read(directory, out _, out _).FindLast(c => first is null || c.Line.Seq < first).Line;
            return kept is null ? new() { First = 1, End = ChainEnd.None, PrevCheckpoint = LineForm.NoHash } : After(kept);
        }

        return AuditLine.TryRead(LineReader.LastOf(path), out var last, out var wrong) ? After(last) : throw Damaged(Path.GetFileName(path), $"'s last line {wrong}");
    }

    private long? FirstOfCurrent()
    {
        var path = Path.Combine(directory, SegmentName.Current);
        if (!File.Exists(path))
        {
            return null;
        }

        using var reader = new LineReader(path);
        return reader.TryRead(out var text) && AuditLine.TryRead(text, out var line, out _) ? line.Seq : null;
    }

    private static SegmentState After(AuditLine closing) => new() { First = closing.Seq + 1, End = closing.End, PrevCheckpoint = closing.Hash };

    private SegmentState Scan(SegmentState state)
    {
        var path = Path.Combine(directory, SegmentName.Current);
        if (!File.Exists(path))
        {
            return state;
        }

        using (var reader = new LineReader(path))
        {
            while (reader.TryRead(out var text))
            {
                if (!AuditLine.TryRead(text, out var line, out var problem))
                {
                    RefuseIfNotTorn(reader, text, problem);
                    break;
                }

                if (line.Seq != state.End.Seq + 1 || line.Prev != state.End.Hash)
                {
                    throw Damaged(SegmentName.Current, $"line {reader.Number} (seq {line.Seq}) does not follow seq {state.End.Seq}");
                }

                _good = reader.Offset;
                state = state with
                {
                    Lines = state.Lines + 1,
                    Bytes = _good,
                    SinceUnixMs = state.SinceUnixMs ?? line.TsUnixMs,
                    SinceCheckpoint = line.Event == "checkpoint" ? 0 : state.SinceCheckpoint + 1,
                    End = line.End,
                    Closed = line.Event == "checkpoint" && IsClosing(text, state),
                };
            }
        }

        SetAsideTorn(path, state.End.Seq + 1);
        return state;
    }

    private bool IsClosing(ReadOnlySpan<byte> text, SegmentState state) =>
        SignedLine.TryRead(text, keys.TryFindPublic, out var signed, out var problem)
            ? signed.Kind == SignedLine.Closing
            : throw Damaged(SegmentName.Current, $"line {state.Lines + 1} {problem}");

    /// <summary>A crash tears only what was being written last: bytes without a line feed, or never written at all (zero). Any other bad line is somebody's doing.</summary>
    private void RefuseIfNotTorn(LineReader reader, ReadOnlySpan<byte> text, string problem)
    {
        var number = reader.Number;
        var torn = text.Contains((byte)0);
        while (torn && reader.TryRead(out var next))
        {
            torn = !AuditLine.TryRead(next, out _, out _);
        }

        if (!torn)
        {
            throw Damaged(SegmentName.Current, $"line {number} {problem}");
        }
    }

    private void SetAsideTorn(string path, long seq)
    {
        using var file = DurableFile.Open(path, FileMode.Open);
        TornBytes = file.Length - _good;
        if (TornBytes == 0)
        {
            return;
        }

        // The part of one batch that a crash can leave is far below this; more would be somebody's doing and stays out of memory.
        const long most = 64 << 20;
        if (TornBytes > most)
        {
            throw Damaged(SegmentName.Current, $"has {TornBytes} bytes behind its last whole line");
        }

        var torn = new byte[TornBytes];
        file.Position = _good;
        file.ReadExactly(torn);
        TornFile = SegmentName.Torn(seq, nowUnixMs);
        TornSha256 = Convert.ToHexStringLower(SHA256.HashData(torn));
        DurableFile.Replace(Path.Combine(directory, TornFile), torn);
        DirectoryEntries.Sync(directory);
        file.SetLength(_good);
        DurableFile.SyncData(file.SafeFileHandle);
    }

    private AuditException Damaged(string name, string what) => Damaged(directory, name, what);

    public static AuditException Damaged(string directory, string name, string what) => new(string.Create(CultureInfo.InvariantCulture,
        $"The audit log was changed: {Path.Combine(directory, name)} {what}. Nothing is run that can't be recorded: see 'devops-agent audit verify {directory}', keep that directory as evidence and set audit.directory to a new one."));
}
