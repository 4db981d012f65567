using DevOpsAgent.Configuration;

namespace DevOpsAgent.Logs.Sources;

/// <summary>Standard input, or any stream, until it ends. Has no checkpoint: what was read of a pipe can't be read again.</summary>
internal sealed class StdinSource : ILogSource
{
    public const string Name = "stdin";

    private readonly Stream _stream;
    private readonly LogConfig _config;
    private readonly Action _wake;
    private readonly LineBuffer _lines = new();
    private readonly LogHead _head = new();
    private readonly SourceMeter _meter;
    private Memory<byte> _room;
    private Task<int>? _reading;
    private bool _closed;

    /// <param name="wake">Called from any thread when <see cref="TryRead"/> is worth a call.</param>
    public StdinSource(LogConfig config, Stream stream, Action wake, TimeProvider time)
    {
        (_config, _stream, _wake) = (config, stream, wake);
        _meter = new(Name, _lines, time);
        _meter.Following();
    }

    public bool Ended { get; private set; }

    public bool NeedsPolling => false;

    public void Report(ICollection<SourceStatus> into) => into.Add(_meter.Status());

    public LineBlock? TryRead()
    {
        while (!Ended)
        {
            if (_reading is null && Take() is { } block)
            {
                return block;
            }

            if (_closed)
            {
                Ended = true;
                _meter.Ended();
                return null;
            }

            _reading ??= Start();
            if (!_reading.IsCompleted)
            {
                return null;
            }

            Finish(_reading);
            _reading = null;
        }

        return null;
    }

    /// <summary>The stream belongs to the caller. The buffer goes with a read that may still be under way, so it isn't given back then.</summary>
    public void Dispose()
    {
        Ended = true;
        if (_reading is null)
        {
            _lines.Dispose();
        }
    }

    private Task<int> Start()
    {
        Task<int> reading;
        _room = _lines.Room();
        try
        {
            reading = _stream.ReadAsync(_room).AsTask();
        }
        catch (Exception e) when (FileProblem.IsExpected(e) || e is ObjectDisposedException)
        {
            return Task.FromException<int>(e);
        }

        if (!reading.IsCompleted)
        {
            reading.GetAwaiter().OnCompleted(_wake);
        }

        return reading;
    }

    private void Finish(Task<int> reading)
    {
        if (!reading.IsCompletedSuccessfully)
        {
            _meter.Note($"Standard input broke off: {reading.Exception?.InnerException?.Message ?? "reading was cancelled"}. Start the program that writes to it again, together with this one.");
        }

        var count = reading.IsCompletedSuccessfully ? reading.Result : 0;
        _closed = count == 0;
        _head.Extend(_room.Span[..count], _lines.ReadOffset);
        _lines.Add(count);
    }

    private LineBlock? Take()
    {
        if (!_lines.TryTake(_closed, out var bytes))
        {
            return null;
        }

        _meter.Delivered(bytes.Length);
        return new(Name, "", bytes, _lines.Offset, _head.HashAt(_lines.Offset), _config);
    }
}
