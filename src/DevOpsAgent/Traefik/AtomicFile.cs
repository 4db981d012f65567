using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

namespace DevOpsAgent.Traefik;

/// <summary>
/// Replaces a file so that a reader, or a kill at any instruction, sees the old content or the new, whole. The rename is
/// the system's own: the framework's File.Move silently copies between file systems, which is not atomic.
/// </summary>
internal static class AtomicFile
{
    private const int CrossDevice = 18;
    private const int DirectoryFlag = 0x10000 | 0x80000;

    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Writes and syncs <paramref name="temporary"/>, renames it to <paramref name="path"/>, syncs the directory. Throws IOException or UnauthorizedAccessException; the temporary file is gone then.</summary>
    public static void Replace(string path, string temporary, ReadOnlySpan<byte> content)
    {
        try
        {
            Write(temporary, content);
            if (Native.Rename(Bytes(temporary), Bytes(path)) != 0)
            {
                var error = Marshal.GetLastPInvokeError();
                throw error == CrossDevice ? new CrossDeviceException(temporary, path) : Fault(error, $"renaming '{temporary}' to '{path}'");
            }
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }

        SyncDirectory(Path.GetDirectoryName(path)!);
    }

    public static void Remove(string path)
    {
        File.Delete(path);
        SyncDirectory(Path.GetDirectoryName(path)!);
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

    private static void SyncDirectory(string directory)
    {
        var handle = Native.Open(Bytes(directory), DirectoryFlag);
        if (handle < 0)
        {
            throw Fault(Marshal.GetLastPInvokeError(), $"opening the directory '{directory}'");
        }

        try
        {
            const int NotSupported = 22;
            if (Native.Sync(handle) != 0 && Marshal.GetLastPInvokeError() is var error && error != NotSupported)
            {
                throw Fault(error, $"syncing the directory '{directory}'");
            }
        }
        finally
        {
            _ = Native.Close(handle);
        }
    }

    private static byte[] Bytes(string path) => Encoding.UTF8.GetBytes(path + '\0');

    private static IOException Fault(int error, string doing) => new($"{new Win32Exception(error).Message} when {doing}", error);

    /// <summary>The C library's calls that the framework has no atomic or directory form of.</summary>
    private static class Native
    {
        [DllImport("libc", EntryPoint = "rename", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Rename(byte[] from, byte[] to);

        [DllImport("libc", EntryPoint = "open", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Open(byte[] path, int flags);

        [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Sync(int handle);

        [DllImport("libc", EntryPoint = "close", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Close(int handle);
    }
}

/// <summary>The temporary file and the target are on different file systems: no atomic rename is possible.</summary>
internal sealed class CrossDeviceException(string temporary, string path)
    : IOException($"'{temporary}' and '{path}' are on different file systems, so the file can't be replaced in one step");
