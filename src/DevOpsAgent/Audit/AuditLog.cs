using System.Diagnostics;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Audit;

/// <summary>
/// The audit log of a directory, one process at a time. Callers are acknowledged when their line is on disk. Who finds the log
/// idle writes and syncs by itself, without a change of threads; those who come meanwhile are written together, in one write
/// and one sync, by the log's own thread.
/// </summary>
internal sealed class AuditLog : IExecAudit, IDisposable
{
    // How long the writer waits for callers that it has just acknowledged to come back, so that they share the next sync.
    // Worth it only where a sync takes longer than handing out the acknowledgements.
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(1), SlowSync = TimeSpan.FromMilliseconds(0.1);

    private static readonly TimeSpan HeadInterval = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private readonly AuditConfig _config;
    private readonly AuditKeys _keys;
    private readonly TimeProvider _time;
    private readonly Redaction _redaction;
    private readonly FileStream _lock;
    private readonly SegmentWriter _segments;
    private readonly PendingLines _pool = new();
    private readonly DenialCounter _denials;
    private readonly ITimer _headTimer;
    private readonly Lock _headGate = new();
    private readonly List<PendingLine> _single = [null!];
    private List<PendingLine> _queue = [], _spare = [];
    private Thread? _writer;
    private TimeSpan _syncTime;
    private int _wanted = int.MaxValue;
    private bool _writing, _handedOver, _headArmed, _closed;
    private ChainEnd _end, _head;

    private AuditLog(AuditConfig config, AuditKeys keys, TimeProvider time, FileStream held)
    {
        (_config, _keys, _time, _lock) = (config, keys, time, held);
        _redaction = new(new(config.RedactFlags, config.RedactPatterns), keys.Mac);
        _segments = new(config, keys, time);
        _end = _segments.End;
        _denials = new(config.DenialInterval, time, AppendAsync);
        _headTimer = time.CreateTimer(_ => WriteHead(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        WriteHead();
    }

    /// <summary>The last line on disk.</summary>
    public ChainEnd End
    {
        get
        {
            lock (_gate)
            {
                return _end;
            }
        }
    }

    /// <summary>Called after lines came to be on disk; must return at once.</summary>
    public Action? Written { get; set; }

    /// <exception cref="AuditException">It can't be opened, another process writes it, or it was changed.</exception>
    public static AuditLog Open(AuditConfig config, AuditKeys keys, TimeProvider time)
    {
        FileStream held;
        try
        {
            DurableFile.CreateFolder(config.Directory);
            held = new(Path.Combine(config.Directory, SegmentName.Lock), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e.HResult == AuditFaults.Locked)
        {
            throw new AuditException($"Another process writes the audit log {config.Directory}: stop it, or set audit.directory to a directory of its own.");
        }
        catch (Exception e) when (AuditFaults.IsIo(e))
        {
            throw AuditFaults.Of(e, config.Directory);
        }

        try
        {
            return new(config, keys, time, held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    public ValueTask AppendAsync(AuditEvent record, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var pending = _pool.Rent();
        pending.Body.Write(record, _time.GetUtcNow().ToUnixTimeMilliseconds(), _redaction);
        if (pending.Body.Length > LineForm.MaxBytes - 1024)
        {
            var length = pending.Body.Length;
            _pool.Return(pending);
            throw new AuditException($"An audit line of {length} bytes is more than the {LineForm.MaxBytes} that one may have: shorten the command's arguments.");
        }

        lock (_gate)
        {
            if (_closed)
            {
                throw new AuditException($"The audit log {_config.Directory} is closed: the program is stopping.");
            }

            if (_writing)
            {
                _queue.Add(pending);
                if (_queue.Count >= _wanted)
                {
                    Monitor.PulseAll(_gate);
                }

                return pending.Task;
            }

            _writing = true;
        }

        _single[0] = pending;
        var fault = Write(_single);
        _pool.Return(pending);
        PassOn();
        return fault is null ? default : ValueTask.FromException(fault);
    }

    public void Count(AuditEvent.Denial denial) => _denials.Count(denial);

    /// <summary>Writes the denials that were counted and the head. Lines that wait are written first.</summary>
    public void Dispose()
    {
        _denials.Dispose();
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            while (_writing)
            {
                Monitor.Wait(_gate);
            }

            Monitor.PulseAll(_gate);
        }

        _writer?.Join();
        _headTimer.Dispose();
        WriteHead();
        _segments.Dispose();
        _lock.Dispose();
    }

    private Exception? Write(List<PendingLine> batch)
    {
        try
        {
            var start = Stopwatch.GetTimestamp();
            _segments.Write(_pool.BodiesOf(batch));
            _syncTime = (_syncTime * 7 + Stopwatch.GetElapsedTime(start)) / 8;
            lock (_gate)
            {
                _end = _segments.End;
                if (!_headArmed)
                {
                    _headArmed = true;
                    _headTimer.Change(HeadInterval, Timeout.InfiniteTimeSpan);
                }
            }

            Written?.Invoke();
            return null;
        }
        catch (AuditException e)
        {
            return e;
        }
        catch (Exception e)
        {
            return new AuditException($"The audit log {_config.Directory} failed: {e.Message}", e);
        }
    }

    /// <summary>Gives the right to write to the log's thread if somebody waits, else to whoever comes next.</summary>
    private void PassOn()
    {
        lock (_gate)
        {
            if (_queue.Count == 0)
            {
                _writing = false;
                if (_closed)
                {
                    Monitor.PulseAll(_gate);
                }

                return;
            }

            _handedOver = true;
            if (_writer is null)
            {
                _writer = new(WriteBatches) { IsBackground = true, Name = "audit" };
                _writer.Start();
            }

            Monitor.PulseAll(_gate);
        }
    }

    private void WriteBatches()
    {
        while (true)
        {
            List<PendingLine> batch;
            lock (_gate)
            {
                if (_queue.Count == 0)
                {
                    if (_handedOver)
                    {
                        _handedOver = _writing = false;
                        Monitor.PulseAll(_gate);
                    }

                    while (!_handedOver)
                    {
                        if (_closed)
                        {
                            return;
                        }

                        Monitor.Wait(_gate);
                    }

                    continue;
                }

                batch = _queue;
                _queue = _spare;
            }

            var fault = Write(batch);
            lock (_gate)
            {
                _wanted = batch.Count + _queue.Count;
            }

            var wait = _wanted > 1 && _syncTime > SlowSync;
            foreach (var pending in batch)
            {
                pending.Complete(fault);
            }

            batch.Clear();
            lock (_gate)
            {
                _spare = batch;
                if (wait && _queue.Count < _wanted && !_closed)
                {
                    Monitor.Wait(_gate, Linger);
                }

                _wanted = int.MaxValue;
            }
        }
    }

    private void WriteHead()
    {
        // The timer and Dispose may meet.
        lock (_headGate)
        {
            ChainEnd end;
            lock (_gate)
            {
                _headArmed = false;
                end = _end;
            }

            if (end == _head)
            {
                return;
            }

            try
            {
                HeadFile.Write(_config.Directory, end, _time.GetUtcNow().ToUnixTimeMilliseconds(), _keys.Current());
                _head = end;
            }
            catch (Exception e) when (AuditFaults.IsIo(e))
            {
                // A full disk: the old head still holds, it only says less. Tried again after the next line.
            }
        }
    }
}
