namespace DevOpsAgent.Audit;

/// <summary>
/// Reads a log from its first line to its last and says whether it is whole: each line's hash, the chain over all segments,
/// the signatures of checkpoints, what retention let go, and the end that the head stands for. Changes nothing; a log that
/// is being written may be verified.
/// </summary>
internal sealed class AuditVerifier(Func<string, byte[]?> findPublic)
{
    private const string KeepEvidence = "Keep the directory as evidence, and compare it with the mirror or a backup.";

    private readonly Verification _result = new();
    private readonly Dictionary<long, string> _kept = [];
    private ChainEnd _end = ChainEnd.None;
    private string _prevCheckpoint = LineForm.NoHash;
    private string? _hashAtHead;
    private ChainEnd? _head;

    /// <summary>A directory, or one of its segments for itself.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    public Verification Verify(string path, CancellationToken cancellationToken) =>
        Directory.Exists(path) ? VerifyDirectory(path, cancellationToken) : VerifyFile(path, cancellationToken);

    private Verification VerifyFile(string path, CancellationToken cancellationToken)
    {
        using var reader = new LineReader(path);
        Segment(reader, null, SegmentName.TryReadClosed(Path.GetFileName(path), out _), cancellationToken);
        _result.Notes.Add("One file for itself: that it begins and ends where it did can only be seen in its directory.");
        return _result;
    }

    private Verification VerifyDirectory(string directory, CancellationToken cancellationToken)
    {
        // Head before lines: a log that is written meanwhile is further than its head, never behind it.
        _head = HeadFile.Read(directory, findPublic, out var problem);
        var currentPath = Path.Combine(directory, SegmentName.Current);
        using var current = File.Exists(currentPath) ? new LineReader(currentPath) : null;
        var closed = SegmentName.ListClosed(directory);
        if (problem is not null)
        {
            return Found("head", SegmentName.Head, null, null, $"The head {problem}.", KeepEvidence);
        }

        if (!Checkpoints(directory))
        {
            return _result;
        }

        foreach (var (first, path) in closed)
        {
            using var reader = new LineReader(path);
            if (!Begin(reader, first) || !Segment(reader, first, closed: true, cancellationToken))
            {
                return _result;
            }
        }

        // Renamed between opening it and listing: then it was read above, as a closed one.
        if (current is not null && !WasRead(current, closed) && (!Begin(current, null) || !Segment(current, null, closed: false, cancellationToken)))
        {
            return _result;
        }

        if (_result.FirstSeq > 1 && _result.RemovedThrough < _result.FirstSeq - 1)
        {
            return Found("removed", SegmentName.Closed(_result.FirstSeq), null, _result.FirstSeq,
                $"Lines {_result.RemovedThrough + 1} to {_result.FirstSeq - 1} are gone, and no signed retention line says that they may be.", KeepEvidence);
        }

        return Head();
    }

    private static bool WasRead(LineReader current, List<(long First, string Path)> closed)
    {
        using var again = new LineReader(current.Path);
        return again.TryRead(out var text) && AuditLine.TryRead(text, out var line, out _) && closed.Exists(c => c.First == line.Seq);
    }

    private bool Checkpoints(string directory)
    {
        var file = SegmentName.Checkpoints;
        var kept = CheckpointFile.Read(directory, out var bytes, out var problem);
        var previous = LineForm.NoHash;
        for (var i = 0; i < kept.Count; i++)
        {
            var (line, text) = kept[i];
            if (!SignedLine.TryRead(text, findPublic, out var signed, out var wrong))
            {
                return Bad("signature", file, i + 1, line.Seq, $"The checkpoint {wrong}.", KeepEvidence);
            }

            if (signed.Kind != SignedLine.Closing || signed.PrevCheckpoint != previous)
            {
                return Bad("missing", file, i + 1, line.Seq, "The checkpoint does not follow the one before it.", KeepEvidence);
            }

            previous = line.Hash;
            _kept[line.Seq] = line.Hash;
            _result.Signatures++;
        }

        if (problem is not null)
        {
            return Bad("changed", file, kept.Count + 1, null, $"Of the checkpoints, {problem}.", KeepEvidence);
        }

        if (File.Exists(Path.Combine(directory, file)) && new FileInfo(Path.Combine(directory, file)).Length > bytes)
        {
            _result.Notes.Add($"The last line of {file} is cut off, as by a crash; the next start completes it.");
        }

        return true;
    }

    /// <summary>Where a segment has to go on from.</summary>
    private bool Begin(LineReader reader, long? first)
    {
        if (_result.Segments > 0)
        {
            return first is null || first == _end.Seq + 1
                || Bad("missing", Path.GetFileName(reader.Path), null, first, $"Lines {_end.Seq + 1} to {first - 1} are missing: a segment before this one is gone.", KeepEvidence);
        }

        first ??= FirstSeq(reader.Path);
        if (first is null or <= 1)
        {
            return true;
        }

        if (!_kept.TryGetValue(first.Value - 1, out var hash))
        {
            return Bad("removed", Path.GetFileName(reader.Path), null, first, $"Lines 1 to {first - 1} are gone, and {SegmentName.Checkpoints} does not have the checkpoint that ended them.", KeepEvidence);
        }

        _end = new(first.Value - 1, hash);
        _prevCheckpoint = hash;
        return true;
    }

    private static long? FirstSeq(string path)
    {
        using var reader = new LineReader(path);
        return reader.TryRead(out var text) && AuditLine.TryRead(text, out var line, out _) ? line.Seq : null;
    }

    private bool Segment(LineReader reader, long? first, bool closed, CancellationToken cancellationToken)
    {
        var name = Path.GetFileName(reader.Path);
        var begin = _end;
        var alone = _head is null && _kept.Count == 0 && _result.Segments == 0;
        var ended = false;
        _result.Segments++;
        while (reader.TryRead(out var text))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!AuditLine.TryRead(text, out var line, out var wrong))
            {
                if (!closed && IsTorn(reader, text))
                {
                    return true;
                }

                return Bad("changed", name, reader.Number, _end.Seq + 1, $"The line {wrong}.", KeepEvidence);
            }

            if (alone && reader.Number == 1 && line.Seq > 1)
            {
                begin = _end = new(line.Seq - 1, line.Prev);
                _prevCheckpoint = line.Prev;
            }

            if (ended || !Follows(name, reader.Number, line))
            {
                return ended ? Bad("order", name, reader.Number, line.Seq, "A line stands behind the closing checkpoint.", KeepEvidence) : false;
            }

            if (line.Event is "checkpoint" or "retention" && !Signed(name, reader.Number, line, text, begin, out ended))
            {
                return false;
            }

            _result.FirstSeq = _result.FirstSeq == 0 ? line.Seq : _result.FirstSeq;
            _result.LastSeq = line.Seq;
            _result.Lines++;
            _hashAtHead = line.Seq == _head?.Seq ? line.Hash : _hashAtHead;
            _end = line.End;
        }

        if (closed && (!ended || reader.Rest.Length > 0))
        {
            return Bad("truncated", name, reader.Number, _end.Seq, $"The segment ends behind line {_end.Seq} without its closing checkpoint.", KeepEvidence);
        }

        _result.TornBytes += reader.Rest.Length;
        return true;
    }

    /// <summary>Counts what a crash left of the last write: bytes that were never written (zero), and no good line behind them.</summary>
    private bool IsTorn(LineReader reader, ReadOnlySpan<byte> text)
    {
        if (!text.Contains((byte)0))
        {
            return false;
        }

        var bytes = text.Length + 1L;
        while (reader.TryRead(out var next))
        {
            bytes += next.Length + 1;
            if (AuditLine.TryRead(next, out _, out _))
            {
                return false;
            }
        }

        _result.TornBytes = bytes + reader.Rest.Length;
        return true;
    }

    private bool Follows(string name, int number, AuditLine line)
    {
        if (line.Seq == _end.Seq + 1 && line.Prev == _end.Hash)
        {
            return true;
        }

        return line.Seq > _end.Seq + 1
            ? Bad("missing", name, number, line.Seq, $"Lines {_end.Seq + 1} to {line.Seq - 1} are missing before it.", KeepEvidence)
            : line.Seq <= _end.Seq
                ? Bad("order", name, number, line.Seq, $"The line stands behind line {_end.Seq}: it was moved or put in.", KeepEvidence)
                : Bad("changed", name, number, line.Seq, $"The line does not follow line {_end.Seq} as that stands now: one of them was replaced.", KeepEvidence);
    }

    private bool Signed(string name, int number, AuditLine line, ReadOnlySpan<byte> text, ChainEnd begin, out bool ended)
    {
        ended = false;
        if (!SignedLine.TryRead(text, findPublic, out var signed, out var wrong))
        {
            return Bad("signature", name, number, line.Seq, $"The line {wrong}; nothing since the checkpoint before it is proven.",
                wrong.Contains("known", StringComparison.Ordinal) ? "Name the directory that holds the public key: --keys DIR." : KeepEvidence);
        }

        _result.Signatures++;
        if (line.Event == "retention")
        {
            _result.RemovedThrough = Math.Max(_result.RemovedThrough, signed.RemovedThrough);
            return true;
        }

        ended = signed.Kind == SignedLine.Closing;
        if (signed.Segment != begin.Seq + 1 || signed.Count != line.Seq - begin.Seq - 1 || signed.PrevCheckpoint != _prevCheckpoint)
        {
            return Bad("order", name, number, line.Seq, $"The checkpoint is that of another place: it counts {signed.Count} lines from {signed.Segment} on.", KeepEvidence);
        }

        _prevCheckpoint = ended ? line.Hash : _prevCheckpoint;
        return true;
    }

    private Verification Head()
    {
        if (_head is not { } head)
        {
            return _result.Lines == 0 && _kept.Count == 0
                ? _result
                : Found("head", SegmentName.Head, null, null, "The head is missing: whether lines were cut off the end can't be seen.", KeepEvidence);
        }

        _result.Signatures++;
        if (head.Seq > _end.Seq)
        {
            return Found("truncated", SegmentName.Current, null, _end.Seq, $"The log ends with line {_end.Seq}, but had come to line {head.Seq}: lines were cut off its end.", KeepEvidence);
        }

        return head.Seq > 0 && head.Seq >= _result.FirstSeq && _hashAtHead != head.Hash
            ? Found("changed", SegmentName.Head, null, head.Seq, $"Line {head.Seq} is not the one that the signed head stands for.", KeepEvidence)
            : _result;
    }

    private bool Bad(string kind, string file, long? line, long? seq, string what, string next)
    {
        Found(kind, file, line, seq, what, next);
        return false;
    }

    private Verification Found(string kind, string file, long? line, long? seq, string what, string next)
    {
        _result.Problem ??= new(kind, file, line, seq, what, next);
        return _result;
    }
}
