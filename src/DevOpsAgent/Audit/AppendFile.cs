namespace DevOpsAgent.Audit;

/// <summary>
/// A file that only grows, by whole durable pieces. After a failed write what may have reached the disk is cut off again
/// before anything else is written: a torn line is never continued.
/// </summary>
internal sealed class AppendFile : IDisposable
{
    private readonly FileStream _file;
    private bool _torn;

    private AppendFile(string path, FileStream file, long length)
    {
        Path = path;
        _file = file;
        Length = length;
    }

    public string Path { get; }

    /// <summary>What is known to be on disk.</summary>
    public long Length { get; private set; }

    public static AppendFile Create(string path) => new(path, DurableFile.Create(path), 0);

    /// <summary>Opens one that holds <paramref name="length"/> good bytes; what follows them is cut off.</summary>
    public static AppendFile Open(string path, long length)
    {
        var file = DurableFile.Open(path, FileMode.Open);
        try
        {
            if (file.Length != length)
            {
                file.SetLength(length);
                DurableFile.SyncData(file.SafeFileHandle);
            }

            return new(path, file, length);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>On disk on return. Throws <see cref="AuditException"/>: then nothing of it counts, and the next call may succeed.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        try
        {
            CutTorn();
            _torn = true;
            RandomAccess.Write(_file.SafeFileHandle, bytes, Length);
            DurableFile.SyncData(_file.SafeFileHandle);
            _torn = false;
            Length += bytes.Length;
        }
        catch (Exception e) when (AuditFaults.IsIo(e))
        {
            TryCutTorn();
            throw AuditFaults.Of(e, Path);
        }
    }

    public void Dispose()
    {
        if (_torn)
        {
            TryCutTorn();
        }

        _file.Dispose();
    }

    private void CutTorn()
    {
        if (_torn)
        {
            RandomAccess.SetLength(_file.SafeFileHandle, Length);
            DurableFile.SyncData(_file.SafeFileHandle);
            _torn = false;
        }
    }

    private void TryCutTorn()
    {
        try
        {
            CutTorn();
        }
        catch (Exception e) when (AuditFaults.IsIo(e))
        {
            // Still failing: tried again before the next write, and at the next start.
        }
    }
}
