namespace DevOpsAgent.Logs.Sources;

/// <summary>A record boundary up to which a file was read.</summary>
/// <param name="HeadLength">How many of the file's first bytes are known: from a checkpoint min(1024, Offset); of a file that was open it may be more.</param>
/// <param name="HeadHash">Of these bytes.</param>
internal readonly record struct LogMark(FileId Id, long Offset, int HeadLength, ulong HeadHash);

/// <summary>Where reading goes on when a file was rotated, truncated, compressed or deleted, now or while nobody looked.</summary>
internal sealed class LogTrail(string path)
{
    /// <summary>A file that a rotation renames just now can be missed once.</summary>
    private const int MaxAttempts = 3;

    /// <summary>
    /// Opens the file that the mark was made in. By identity first, then by its first bytes: a copy that copytruncate
    /// left, an archive, or the same file on a disk that got another device number. Null: it is gone. An
    /// <see cref="IOException"/> is a fault of the disk: nothing is known then, least of all that the file is another.
    /// </summary>
    public LogContent? Reopen(LogMark mark, out long offset, out bool insideLine)
    {
        (offset, insideLine) = (mark.Offset, false);
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (LogGeneration.FindById(path, mark.Id) is { } same && TryMatch(same, mark, out var content))
            {
                if (!content.Sealed && content.TryLook(out var facts) && facts.Size < mark.Offset)
                {
                    // Its end was cut off, but its start is what was read: only what comes now is new.
                    (offset, insideLine) = LastBoundary(content, facts.Size);
                }

                return content;
            }

            foreach (var generation in LogGeneration.All(path))
            {
                if (TryOpenCopy(generation, mark) is { } copy)
                {
                    return copy;
                }
            }
        }

        return null;
    }

    /// <summary>
    /// The file of which nothing was read when it was seen. Only its identity is known, which any new file may have got since: an
    /// archive that was written to after that is likelier than the current file.
    /// </summary>
    /// <param name="since">When it was seen, UTC ticks.</param>
    public LogGeneration? Unread(FileId id, long since)
    {
        var all = LogGeneration.All(path);
        return all.Find(g => !g.Current && !g.Name.Compressed && g.Facts.Id == id)
            ?? all.Find(g => g.Name.Compressed && g.Facts.Modified > since)
            ?? all.Find(g => g.Current && g.Facts.Id == id);
    }

    /// <summary>
    /// The file after the one that was read to its end; null: it is the youngest that has something to read, so stay.
    /// </summary>
    /// <param name="read">What was read.</param>
    /// <param name="since">Last write to it, UTC ticks: where it can't be found any more, younger files are those written after this.</param>
    public LogGeneration? After(LogMark read, long since)
    {
        var generations = LogGeneration.All(path);
        var index = generations.FindIndex(g => g.Facts.Id == read.Id);
        if (index < 0)
        {
            index = generations.FindIndex(g => !g.Current && IsCopy(g, read));
        }

        return index >= 0
            ? generations.Skip(index + 1).FirstOrDefault(g => g.Facts.Size > 0)
            : generations.Find(g => IsYounger(g, since));
    }

    /// <summary>The oldest file with something to read that was written after a file that can't be found any more; null: none.</summary>
    public LogGeneration? AfterLost(LogMark lost, long since) =>
        LogGeneration.All(path).Find(g => IsYounger(g, since)
            || (g.Facts.Id == lost.Id && g.Facts.Size > 0 && !g.Name.Compressed)); // truncated in place: all of its text is new

    /// <summary>Where a log begins that was never read before.</summary>
    public LogGeneration? First(bool withRotated)
    {
        var generations = LogGeneration.All(path);
        return withRotated ? generations.Find(g => g.Facts.Size > 0 || g.Current) : generations.Find(g => g.Current);
    }

    /// <summary>The last place before the end where a record can start; inside a line if that is longer than any line may be.</summary>
    public static (long Offset, bool InsideLine) LastBoundary(LogContent content, long size)
    {
        var tail = new byte[Math.Min(size, LineCutter.MaxPending)];
        var count = content.ReadFully(tail, size - tail.Length);
        var whole = LineBoundary.CompleteLength(tail.AsSpan(0, count));
        return whole == 0 && tail.Length < size ? (size, true) : (size - tail.Length + whole, false);
    }

    private static bool IsYounger(LogGeneration candidate, long since) =>
        candidate.Facts.Size > 0 && (candidate.Current || candidate.Facts.Modified > since);

    private static bool TryMatch(string file, LogMark mark, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out LogContent? content)
    {
        if (!LogContent.TryOpen(file, FileOptions.None, out content, out _))
        {
            return false;
        }

        var same = false;
        try
        {
            same = HasHead(content, mark);
            return same;
        }
        finally
        {
            if (!same)
            {
                content.Dispose();
                content = null;
            }
        }
    }

    private static bool IsCopy(LogGeneration candidate, LogMark mark)
    {
        using var content = TryOpenCopy(candidate, mark);
        return content is not null;
    }

    private static LogContent? TryOpenCopy(LogGeneration candidate, LogMark mark)
    {
        try
        {
            if (mark.HeadLength == 0 || !TryMatch(candidate.Path, mark, out var content))
            {
                return null;
            }

            if (content.Id == candidate.Facts.Id && (content.Sealed || (content.TryLook(out var facts) && facts.Size >= mark.Offset)))
            {
                return content;
            }

            content.Dispose();
        }
        catch (IOException)
        {
            // can't be compared, so it is not known to be a copy
        }

        return null;
    }

    private static bool HasHead(LogContent content, LogMark mark)
    {
        Span<byte> head = stackalloc byte[mark.HeadLength];
        return content.ReadFully(head, 0) == head.Length && HeadHash.Of(head) == mark.HeadHash;
    }
}
