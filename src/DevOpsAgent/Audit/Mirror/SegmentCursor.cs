namespace DevOpsAgent.Audit.Mirror;

/// <summary>Reads what is to be copied next, from the files: the log itself never waits for its copy, and nothing is kept in memory for it.</summary>
/// <param name="live">True: all lines; false: of the running segment only its checkpoints.</param>
internal sealed class SegmentCursor(string directory, bool live, long position)
{
    // What one message to the other side holds at most.
    private const int MostLines = 500, MostBytes = 512 << 10;

    // Of the running segment: which it is, how far it was read, and the last checkpoint that went ahead.
    private long _running, _offset, _ahead;

    /// <summary>seq up to which everything was given.</summary>
    public long Position { get; private set; } = position;

    /// <summary>Lines that retention let go before they could be copied.</summary>
    public long Missed { get; private set; }

    /// <summary>Batches in order until nothing is left at the moment. <see cref="Position"/> moves on when the next one is asked for: when this one has arrived.</summary>
    /// <exception cref="MirrorException">The log was changed: a copy of that would hide it.</exception>
    public IEnumerable<(long Segment, IReadOnlyList<MirrorLine> Lines)> Read()
    {
        // Opened before listing: closed meanwhile, its lines are the same.
        var path = Path.Combine(directory, SegmentName.Current);
        using var current = TryOpen(path, 0);
        var closed = SegmentName.ListClosed(directory);
        foreach (var missed in Gap(closed, current))
        {
            yield return missed;
        }

        for (var i = 0; i < closed.Count; i++)
        {
            var through = i + 1 < closed.Count ? closed[i + 1].First - 1 : long.MaxValue;
            if (through <= Position)
            {
                continue;
            }

            using var reader = TryOpen(closed[i].Path, 0);
            foreach (var batch in reader is null ? [] : Lines(reader, closed[i].First, all: true))
            {
                yield return batch;
            }
        }

        // Segments that were closed since the listing stand between: they come first, in the next pass.
        if (FirstOf(path) is { } first && first <= Position + 1 && !closed.Exists(c => c.First == first))
        {
            _offset = first == _running ? _offset : 0;
            _running = first;
            using var reader = TryOpen(path, _offset);

            // Closed between the two looks: the offset is of another file.
            if (FirstOf(path) != first)
            {
                yield break;
            }

            foreach (var batch in reader is null ? [] : Lines(reader, first, live))
            {
                yield return batch;
            }

            _offset = reader?.Offset ?? 0;
        }
    }

    private IEnumerable<(long Segment, IReadOnlyList<MirrorLine> Lines)> Gap(List<(long First, string Path)> closed, LineReader? current)
    {
        var oldest = closed.Count > 0 ? closed[0].First : current is null ? null : FirstOf(current.Path);
        if (oldest is not { } first || first <= Position + 1)
        {
            yield break;
        }

        // Their lines are gone, but their closing checkpoints prove what they were.
        var kept = CheckpointFile.Read(directory, out _, out _).Where(c => c.Line.Seq > Position && c.Line.Seq < first).Select(static c => new MirrorLine(c.Line, c.Text)).ToList();
        foreach (var chunk in kept.Chunk(MostLines))
        {
            yield return (0, chunk);
        }

        Missed += first - 1 - Position - kept.Count;
        Position = first - 1;
    }

    private IEnumerable<(long Segment, IReadOnlyList<MirrorLine> Lines)> Lines(LineReader reader, long segment, bool all)
    {
        var batch = new List<MirrorLine>();
        var bytes = 0;
        while (TryNext(reader, out var line))
        {
            if (all ? line.Line.Seq <= Position : line.Line.Event != "checkpoint" || line.Line.Seq <= _ahead)
            {
                continue;
            }

            batch.Add(line);
            bytes += line.Text.Length;
            if (batch.Count >= MostLines || bytes >= MostBytes)
            {
                yield return (segment, batch);
                Arrived(batch, all);
                (batch, bytes) = ([], 0);
            }
        }

        if (batch.Count > 0)
        {
            yield return (segment, batch);
            Arrived(batch, all);
        }
    }

    private void Arrived(List<MirrorLine> batch, bool all)
    {
        if (all)
        {
            Position = batch[^1].Line.Seq;
        }
        else
        {
            _ahead = batch[^1].Line.Seq;
        }
    }

    private static bool TryNext(LineReader reader, out MirrorLine line)
    {
        line = null!;
        if (!reader.TryRead(out var text))
        {
            return false;
        }

        line = AuditLine.TryRead(text, out var read, out var problem)
            ? new(read, text.ToArray())
            : throw new MirrorException($"{reader.Path}, line {reader.Number} {problem}: it is not copied. See devops-agent audit verify.");
        return true;
    }

    private static long? FirstOf(string path)
    {
        using var reader = TryOpen(path, 0);
        return reader is not null && TryNext(reader, out var line) ? line.Line.Seq : null;
    }

    private static LineReader? TryOpen(string path, long offset)
    {
        try
        {
            return new(path, offset);
        }
        catch (FileNotFoundException)
        {
            return null; // let go by retention, or being closed: seen again in the next pass
        }
    }
}
