using DevOpsAgent.Configuration;
using DevOpsAgent.Store;

namespace DevOpsAgent.Logs.Sources;

/// <summary>
/// Reads one log file and goes on with it through rotation by rename, copytruncate, deletion, compression and swapped
/// links. Each line is given once: a file is left only when it was read to its end and the next one has something to read,
/// so a writer that still has the old file open loses nothing.
/// </summary>
internal sealed class FileFollower : ILogSource
{
    /// <summary>A file that can't be read is tried again after this.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>After so many looks without anything new (5 s at the slow pace) the buffer is given back.</summary>
    private const int QuietLooks = 200;

    /// <summary>Clock steps of file times are up to 4 ms, those of a checkpoint none.</summary>
    private const long CheckpointSlack = 10 * TimeSpan.TicksPerMillisecond;

    private readonly string _path;
    private readonly LogConfig _config;
    private readonly TimeProvider _time;
    private readonly LogTrail _trail;
    private readonly LogHead _head = new();
    private readonly LineBuffer _lines = new();
    private readonly SourceMeter _meter;

    private LogContent? _file;
    private string _fileId = "";

    /// <summary>Where to go on when no file is open; null: the log was never read.</summary>
    private LogMark? _mark;

    /// <summary>Where the record began that goes on in the file in reading.</summary>
    private LogMark _goesOnFrom;

    /// <summary>Last write to the file in reading, UTC ticks.</summary>
    private long _modified;

    /// <summary>The path as it was when last nothing followed the file in reading: as long as it stays so, there is nothing to look for.</summary>
    private (FileLookup Lookup, FileId Id, bool HasText)? _settled;

    /// <summary>No checkpoint names the file yet: where reading begins is to be stored, or what comes while nobody looks is lost with a rotation.</summary>
    private bool _unnamed;

    private bool _fromStart;
    private long _retryAt;
    private int _quiet;

    /// <param name="fromStart">Where a log without checkpoint begins; a file that appears later is always read from its start.</param>
    public FileFollower(LogConfig config, string path, LogCheckpoint? checkpoint, bool fromStart, TimeProvider time)
    {
        (_config, _path, _fromStart, _time) = (config, path, fromStart, time);
        _trail = new(path);
        _meter = new(path, _lines, time);
        _unnamed = checkpoint is null;
        if (checkpoint is not null)
        {
            // An identity of another kind of system matches no file; the head still does.
            _mark = new(FileId.TryParse(checkpoint.FileId, out var id) ? id : default, checkpoint.Offset, HeadHash.LengthAt(checkpoint.Offset), checkpoint.HeadHash);
            _modified = checkpoint.At.UtcTicks - CheckpointSlack;
        }
    }

    public bool Ended => false;

    public bool NeedsPolling => true;

    /// <summary>True: the file was read to its end and its name is gone.</summary>
    public bool IsGone => _settled is { Lookup: FileLookup.Missing };

    public void Report(ICollection<SourceStatus> into) => into.Add(_meter.Status());

    public LineBlock? TryRead()
    {
        if (_retryAt != 0 && _time.GetTimestamp() < _retryAt)
        {
            return null;
        }

        _retryAt = 0;
        try
        {
            if ((_file is not null && Take(last: false) is { } pending) || (pending = Look()) is not null)
            {
                _quiet = 0;
                return pending;
            }
        }
        catch (Exception e) when (FileProblem.IsExpected(e))
        {
            Fail(FileProblem.Of(_path, e));
        }

        if (++_quiet == QuietLooks)
        {
            _lines.Shrink();
        }

        return _unnamed && _file is not null && _lines.Offset == _lines.Boundary ? Block(default) : null;
    }

    public void Dispose()
    {
        _file?.Dispose();
        _file = null;
        _lines.Dispose();
    }

    private LineBlock? Look()
    {
        // Each round either reads or moves on to another file; a few are enough, and the rest comes with the next look.
        for (var round = 0; round < 8; round++)
        {
            var lookup = FileIdentity.Look(_path, out var facts);
            var moved = false;
            if (_file is null)
            {
                moved = TryBegin(lookup, facts);
            }
            else if (!_file.Sealed && lookup == FileLookup.Found && facts.Id == _file.Id)
            {
                _meter.Following();
                _meter.Lag(facts.Size - _lines.Offset);
                moved = ReadPlain(facts);
            }
            else
            {
                moved = ReadLeft(lookup, facts, out var lastLine);
                if (lastLine is not null)
                {
                    return lastLine;
                }
            }

            if (!moved)
            {
                return null;
            }

            if (_file is not null && Take(last: false) is { } block)
            {
                return block;
            }
        }

        return null;
    }

    /// <summary>Reads on, and leaves the file if it was truncated. True: something changed.</summary>
    private bool ReadPlain(FileFacts facts)
    {
        if (facts.Size == _lines.ReadOffset && facts.Modified == _modified)
        {
            return false;
        }

        var offset = _lines.ReadOffset;
        var read = facts.Size > offset ? Read() : ReadOnlyMemory<byte>.Empty;

        // Looked at after reading: a file that was truncated and has grown again beyond the old place shows only here,
        // and what was just read of it may be torn out of its middle.
        if (facts.Size < offset || !_head.IsStillIn(_file!))
        {
            _meter.Rotated();
            Leave();
            return true;
        }

        _head.Extend(read.Span, offset);
        _modified = facts.Modified;
        return read.Length > 0;
    }

    /// <summary>Reads a file that the path doesn't name any more, then finds the next. True: something changed.</summary>
    private bool ReadLeft(FileLookup lookup, FileFacts facts, out LineBlock? lastLine)
    {
        lastLine = null;
        if (ReadOn(out var own))
        {
            return true;
        }

        var now = (lookup, facts.Id, facts.Size > 0);
        if (_settled == now)
        {
            return false;
        }

        var next = _trail.After(Reading(), own.Modified);
        if (next is null)
        {
            _settled = now;
            _meter.Lag(0);
            if (FileProblem.Of(_path, lookup, facts.Kind) is { } missing)
            {
                _meter.Waiting($"{missing} The file that was there before is still read.");
            }

            return false;
        }

        // The next one has text, so the writer is done with this one; what it wrote last may have come after our read.
        if (ReadOn(out _))
        {
            return true;
        }

        if (_file!.Problem is { } problem)
        {
            _meter.Note(problem);
        }

        // A record that the runtime split goes on in the next file.
        var goesOn = _lines.HasOpenRecord;
        lastLine = goesOn ? null : Take(last: true);
        if (lastLine is null)
        {
            _mark = Mark();
            if (Open(next, 0, goesOn))
            {
                _meter.Rotated();
            }
        }

        return true;
    }

    private bool TryBegin(FileLookup lookup, FileFacts facts)
    {
        var now = (lookup, facts.Id, facts.Size > 0);
        if (_settled == now)
        {
            return false;
        }

        if (_mark is { } mark)
        {
            if (mark.Offset == 0 && _trail.Unread(mark.Id, _modified) is { } unread)
            {
                return Open(unread, 0);
            }

            if (mark.Offset > 0 && _trail.Reopen(mark, out var offset, out var insideLine) is { } content)
            {
                Begin(content, offset, insideLine);
                return true;
            }

            if (_trail.AfterLost(mark, _modified) is { } next)
            {
                _meter.Note($"The file that {_path} was before is gone; if it had lines that were not read yet, they are lost. Reading goes on with {next.Path}.");
                return Open(next, 0);
            }
        }
        else if (_trail.First(_config.ReadRotated && _fromStart) is { } first)
        {
            return Open(first, _fromStart ? 0 : first.Facts.Size);
        }

        if (lookup == FileLookup.Found && facts.Kind == FileKind.Regular)
        {
            return Open(new(_path, facts, default, true), 0);
        }

        // What appears from now on is new.
        _fromStart |= lookup == FileLookup.Missing;
        _settled = now;
        var problem = FileProblem.Of(_path, lookup, facts.Kind)!;
        if (lookup == FileLookup.Missing)
        {
            _meter.Waiting(problem);
        }
        else
        {
            _meter.Error(problem);
        }

        return false;
    }

    /// <summary>False: it can't be read, or the next round of the rotation has renamed it since it was listed, so that its name leads to another.</summary>
    private bool Open(LogGeneration next, long offset, bool goesOn = false)
    {
        if (!LogContent.TryOpen(next.Path, FileOptions.None, out var content, out var problem))
        {
            if (FileIdentity.Look(next.Path, out var now) == FileLookup.Found && now.Id == next.Facts.Id)
            {
                _file?.Dispose();
                _file = null;
                Fail(problem);
            }

            return false;
        }

        if (content.Id != next.Facts.Id)
        {
            content.Dispose();
            return false;
        }

        var insideLine = false;
        if (offset > 0 && !content.Sealed)
        {
            (offset, insideLine) = LogTrail.LastBoundary(content, offset);
        }

        Begin(content, offset, insideLine, goesOn);
        return true;
    }

    private void Begin(LogContent content, long offset, bool insideLine, bool goesOn = false)
    {
        _file?.Dispose();
        _file = content;
        _fileId = content.Id.ToString();
        _goesOnFrom = _mark ?? default;
        _lines.Reset(offset, insideLine, goesOn);

        _head.Load(content, offset);
        _settled = null;
        _modified = content.TryLook(out var facts) ? facts.Modified : long.MaxValue;
        _meter.Following();
    }

    /// <summary>Reads the open file, whatever its name is by now. True: something changed.</summary>
    private bool ReadOn(out FileFacts facts)
    {
        if (!_file!.TryLook(out facts))
        {
            throw new IOException("the file in reading can't be looked at any more");
        }

        if (!_file.Sealed)
        {
            return ReadPlain(facts);
        }

        var offset = _lines.ReadOffset;
        var read = Read();
        _head.Extend(read.Span, offset);
        return read.Length > 0;
    }

    private ReadOnlyMemory<byte> Read()
    {
        var room = _lines.Room();
        var count = _file!.Read(room.Span, _lines.ReadOffset);
        _lines.Add(count);
        return room[..count];
    }

    private LineBlock? Take(bool last)
    {
        if (!_lines.TryTake(last, out var bytes))
        {
            return null;
        }

        _meter.Delivered(bytes.Length);
        return Block(bytes);
    }

    private LineBlock Block(ReadOnlyMemory<byte> bytes)
    {
        _unnamed = false;
        return new(_path, _fileId, bytes, _lines.Offset, _head.HashAt(_lines.Offset), _config);
    }

    /// <summary>Where to start again.</summary>
    private LogMark Mark() => _lines.Boundary < 0 ? _goesOnFrom : Reading();

    private LogMark Reading() => new(_file!.Id, _lines.Boundary, _head.Length, _head.HashAt(_head.Length));

    /// <summary>Closes the file; the next look finds where to go on from the last record boundary.</summary>
    private void Leave()
    {
        if (_file is not null)
        {
            _mark = Mark();
            _file.Dispose();
            _file = null;
        }

        _settled = null;
    }

    private void Fail(string problem)
    {
        Leave();
        _retryAt = _time.GetTimestamp() + (long)(RetryAfter.TotalSeconds * _time.TimestampFrequency);
        _meter.Error(problem);
    }
}
