using DevOpsAgent.Logs;

namespace DevOpsAgent.Detection;

/// <summary>One line that became evidence, maybe of several threats: it is read again, and copied, at most once for all of them.</summary>
internal ref struct EvidenceLine(ReadOnlySpan<byte> line, EventReader read, RecentTexts texts)
{
    private const int MaxSampleBytes = 2048;

    private readonly ReadOnlySpan<byte> _line = line;
    private readonly EventReader _read = read;
    private LogEvent _event;
    private bool? _readable;
    private byte[]? _sample;

    public RecentTexts Texts { get; } = texts;

    /// <summary>The line's start, in an array that the records share and nobody changes.</summary>
    public byte[] Sample => _sample ??= _line[..Math.Min(_line.Length, MaxSampleBytes)].ToArray();

    /// <summary>True: <paramref name="e"/> has the line's texts.</summary>
    public bool TryRead(out LogEvent e)
    {
        _readable ??= _read(_line, out _event);
        e = _event;
        return _readable.Value;
    }
}
