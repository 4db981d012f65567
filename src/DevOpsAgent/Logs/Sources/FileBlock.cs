namespace DevOpsAgent.Logs.Sources;

/// <summary>Whole lines of a file in a buffer of its own, which <see cref="Dispose"/> gives back to the reader, from any thread.</summary>
internal sealed class FileBlock(FileReader reader, byte[] buffer, int start, int length, long number, long offset) : IDisposable
{
    private byte[]? _buffer = buffer;

    /// <summary>0, 1, 2, ... in the order of the file.</summary>
    public long Number { get; } = number;

    /// <summary>Where the block starts in the (decompressed) text.</summary>
    public long Offset { get; } = offset;

    public ReadOnlyMemory<byte> Bytes => _buffer is { } bytes ? bytes.AsMemory(start, length) : throw new ObjectDisposedException(nameof(FileBlock));

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } bytes)
        {
            reader.Return(bytes);
        }
    }
}
