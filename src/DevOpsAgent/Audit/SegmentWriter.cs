using DevOpsAgent.Configuration;
using DevOpsAgent.Files;

namespace DevOpsAgent.Audit;

/// <summary>
/// Writes batches of lines to the current segment, durable on return, and closes it when it is large or old: closing
/// checkpoint, its copy, rename, new file, directory synced. Each step may fail or be cut off by a crash; the next call or
/// start goes on from there. One caller at a time.
/// </summary>
internal sealed class SegmentWriter : IDisposable
{
    private readonly string _directory;
    private readonly AuditConfig _config;
    private readonly AuditKeys _keys;
    private readonly TimeProvider _time;
    private readonly LineSealer _sealer = new();
    private readonly LineBody _own = new();
    private AppendFile? _file;
    private SegmentState _state;

    /// <exception cref="AuditException">The log can't be opened, or was changed.</exception>
    public SegmentWriter(AuditConfig config, AuditKeys keys, TimeProvider time)
    {
        (_directory, _config, _keys, _time) = (config.Directory, config, keys, time);
        var recovery = new SegmentRecovery(_directory, keys, Now);
        _state = recovery.Run();
        if (File.Exists(Current))
        {
            Try(() => _file = AppendFile.Open(Current, _state.Bytes));
        }

        KeepCheckpoints();
        if (recovery.TornBytes > 0)
        {
            _own.WriteRecovery(Now, recovery.TornBytes, recovery.TornFile, recovery.TornSha256);
            WriteOwn();
        }
    }

    /// <summary>The last line on disk.</summary>
    public ChainEnd End => _state.End;

    /// <summary>True: the segment is full or old and will be closed before the next batch.</summary>
    private bool IsDue => _state.Closed || (_state.Lines > 0
        && (_state.Bytes >= _config.SegmentSize || Now - _state.SinceUnixMs >= (long)_config.SegmentAge.TotalMilliseconds));

    private string Current => Path.Combine(_directory, SegmentName.Current);

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <exception cref="AuditException">Nothing of the batch counts.</exception>
    public void Write(IReadOnlyList<LineBody> batch)
    {
        if (IsDue || _file is null)
        {
            Rotate();
        }

        var count = batch.Count;
        _sealer.Begin(_state.End);
        for (var i = 0; i < count; i++)
        {
            _sealer.Add(batch[i]);
        }

        var since = _state.SinceCheckpoint + count;
        if (since >= _config.CheckpointLines)
        {
            AddCheckpoint(SignedLine.Running);
            since = 0;
        }

        Commit(since, closed: false);
    }

    public void Dispose()
    {
        _file?.Dispose();
        _own.Dispose();
    }

    private void Rotate()
    {
        if (_file is not null)
        {
            if (!_state.Closed)
            {
                _sealer.Begin(_state.End);
                AddCheckpoint(SignedLine.Closing);
                Commit(0, closed: true);
            }

            KeepCheckpoints();
            Try(() => DirectoryEntries.Rename(Current, Path.Combine(_directory, SegmentName.Closed(_state.First))));
            _file.Dispose();
            _file = null;
            _state = new() { First = _state.End.Seq + 1, End = _state.End, PrevCheckpoint = _state.End.Hash };
        }

        Try(() =>
        {
            var file = AppendFile.Create(Current);
            try
            {
                DirectoryEntries.Sync(_directory);
                _file = file;
            }
            catch
            {
                // Not known to be there after a crash: made again by the next call.
                file.Dispose();
                File.Delete(Current);
                throw;
            }
        });
        Retain();
    }

    /// <summary>Copies closing checkpoints that aren't in the file of checkpoints yet: of the segment just closed, or of one closed before a crash.</summary>
    private void KeepCheckpoints()
    {
        Try(() =>
        {
            var path = Path.Combine(_directory, SegmentName.Checkpoints);
            var kept = CheckpointFile.Read(_directory, out var bytes, out var problem);
            if (problem is not null)
            {
                throw SegmentRecovery.Damaged(_directory, SegmentName.Checkpoints, problem);
            }

            var last = kept.Count == 0 ? 0 : kept[^1].Line.Seq;
            var missing = SegmentName.ListClosed(_directory).Where(s => s.First > last).Select(static s => s.Path).ToList();
            if (_state.Closed && _state.End.Seq > last)
            {
                missing.Add(Current);
            }

            if (missing.Count == 0)
            {
                return;
            }

            var isNew = !File.Exists(path);
            using var file = isNew ? AppendFile.Create(path) : AppendFile.Open(path, bytes);
            foreach (var segment in missing)
            {
                file.Append([.. LineReader.LastOf(segment), (byte)'\n']);
            }

            if (isNew)
            {
                DirectoryEntries.Sync(_directory);
            }
        });
    }

    private void Retain()
    {
        var closed = SegmentName.ListClosed(_directory);
        var plan = Retention.Plan(closed, _config, _state.First, Now);
        if (plan is null)
        {
            return;
        }

        // The leave is on disk before anything goes: a segment that is missing without one was taken by somebody else.
        var closing = plan.Through == _state.End.Seq ? _state.End.Hash : ClosingHash(plan.Through);
        _own.WriteRetention(Now, plan.Through, closing, plan.Paths.Count, plan.Reason, _keys.Current().Id);
        WriteOwn(signed: true);
        Retention.Remove(plan, _directory);
    }

    private string ClosingHash(long seq) =>
        CheckpointFile.Read(_directory, out _, out _).Find(c => c.Line.Seq == seq).Line?.Hash ?? LineForm.NoHash;

    private void AddCheckpoint(string kind)
    {
        var key = _keys.Current();
        _own.WriteCheckpoint(Now, kind, _state.First, _state.Lines + _sealer.Lines, _state.PrevCheckpoint, key.Id);
        _sealer.Add(_own, key);
    }

    private void WriteOwn(bool signed = false)
    {
        if (_file is null)
        {
            Rotate();
        }

        _sealer.Begin(_state.End);
        _sealer.Add(_own, signed ? _keys.Current() : null);
        Commit(_state.SinceCheckpoint + 1, closed: false);
    }

    private void Commit(long sinceCheckpoint, bool closed)
    {
        _file!.Append(_sealer.Bytes);
        _state = _state with
        {
            Bytes = _file.Length,
            Lines = _state.Lines + _sealer.Lines,
            SinceCheckpoint = sinceCheckpoint,
            SinceUnixMs = _state.SinceUnixMs ?? Now,
            End = _sealer.End,
            Closed = closed,
        };
    }

    private void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (AuditFaults.IsIo(e))
        {
            throw AuditFaults.Of(e, Current);
        }
    }
}
