using DevOpsAgent.Files;

namespace DevOpsAgent.Traefik;

/// <summary>
/// Replaces a file so that a reader, or a kill at any instruction, sees the old content or the new, whole. The rename is
/// the system's own: the framework's File.Move silently copies between file systems, which is not atomic.
/// </summary>
internal static class AtomicFile
{
    private const int CrossDevice = 18;

    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Writes and syncs <paramref name="temporary"/>, renames it to <paramref name="path"/>, syncs the directory. Throws IOException or UnauthorizedAccessException; the temporary file is gone then.</summary>
    public static void Replace(string path, string temporary, ReadOnlySpan<byte> content)
    {
        try
        {
            Write(temporary, content);
            DirectoryEntries.Rename(temporary, path);
        }
        catch (IOException e) when (e.HResult == CrossDevice)
        {
            TryDelete(temporary);
            throw new CrossDeviceException(temporary, path);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }

        DirectoryEntries.Sync(Path.GetDirectoryName(path)!);
    }

    public static void Remove(string path)
    {
        File.Delete(path);
        DirectoryEntries.Sync(Path.GetDirectoryName(path)!);
    }

    public static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A left-over temporary file is never read by Traefik and is replaced by the next write.
        }
    }

    private static void Write(string temporary, ReadOnlySpan<byte> content)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("Traefik's file is written on Linux and macOS only.");
        }

        // Somebody who may write there could have laid a link under this name: it is removed, and a new one is refused by O_EXCL.
        File.Delete(temporary);
        using var stream = new FileStream(temporary, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = 0,
            UnixCreateMode = Mode,
        });
        stream.Write(content);
        File.SetUnixFileMode(stream.SafeFileHandle, Mode);
        stream.Flush(flushToDisk: true);
    }
}

/// <summary>The temporary file and the target are on different file systems: no atomic rename is possible.</summary>
internal sealed class CrossDeviceException(string temporary, string path)
    : IOException($"'{temporary}' and '{path}' are on different file systems, so the file can't be replaced in one step");
