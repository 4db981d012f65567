using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

namespace DevOpsAgent.Exec.Remote;

/// <summary>Files that nobody but their owner may read or write: private keys, and the list of who is trusted.</summary>
internal static class PrivateFile
{
    public const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private const int DirectoryFlag = 0x10000 | 0x80000; // O_DIRECTORY | O_CLOEXEC

    /// <summary>A new file, durable. Throws <see cref="IdentityException"/> if there is one: a key that is overwritten is lost for good.</summary>
    public static void Create(string path, string content, UnixFileMode mode = Mode)
    {
        try
        {
            Write(path, content, mode);
            SyncDirectory(path);
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new IdentityException($"{path} exists already and is not overwritten. Name another directory, or move the file away first.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IdentityException($"{path} can't be written ({e.Message}): name a directory that this user may write.", e);
        }
    }

    /// <summary>Replaces the file in one step: a reader, or a kill at any instruction, sees the old content or the new, whole.</summary>
    public static void Replace(string path, string content)
    {
        var temporary = path + ".new";
        try
        {
            File.Delete(temporary);
            Write(temporary, content, Mode);
            File.Move(temporary, path, overwrite: true);
            SyncDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IdentityException($"{path} can't be written ({e.Message}): name a directory that this user may write.", e);
        }
    }

    /// <summary>The content. Throws <see cref="IdentityException"/> if it can't be read, is longer than the limit, or is open to others.</summary>
    public static string Read(string path, int limit)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

            // Asked of the open file, not of its name: between the two somebody could put another file there.
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(stream.SafeFileHandle) & Others) is var open and not UnixFileMode.None)
            {
                throw new IdentityException($"{path} is open to other users ({Octal(open | Mode)}). If they can't have used it: chmod 600 {path}; else make a new one.");
            }

            if (stream.Length > limit)
            {
                throw new IdentityException($"{path} is longer than {limit} bytes: it is not what it should be.");
            }

            using var reader = new StreamReader(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: false));
            return reader.ReadToEnd();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IdentityException($"{path} can't be read: {e.Message}", e);
        }
    }

    private static void Write(string path, string content, UnixFileMode mode)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        using var stream = new FileStream(path, options);
        stream.Write(Encoding.UTF8.GetBytes(content));
        stream.Flush(flushToDisk: true);
    }

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8);

    // Without it a power cut may bring back a trust that was withdrawn.
    private static void SyncDirectory(string path)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var handle = Native.Open(Encoding.UTF8.GetBytes(directory + '\0'), DirectoryFlag);
        if (handle < 0)
        {
            throw new IOException($"{new Win32Exception(Marshal.GetLastPInvokeError()).Message} when opening the directory '{directory}'");
        }

        _ = Native.Sync(handle); // some file systems have no fsync of directories (EINVAL): nothing more can be done there
        _ = Native.Close(handle);
    }

    private static class Native
    {
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
