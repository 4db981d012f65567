using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace DevOpsAgent.Audit;

/// <summary>The system's calls for what must be on disk: fdatasync, a synced directory, a rename that is one step. All throw IOException with errno as HResult.</summary>
internal static class DurableFile
{
    public const UnixFileMode FileMode600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode FolderMode700 = FileMode600 | UnixFileMode.UserExecute;

    private const int DirectoryOnly = 0x10000 | 0x80000; // O_DIRECTORY | O_CLOEXEC
    private const int NotSupported = 22;
    private const int Interrupted = 4;

    /// <summary>A new file of mode 0600; one that is there already, also a link, is refused.</summary>
    public static FileStream Create(string path) => Open(path, System.IO.FileMode.CreateNew);

    /// <summary>Opens for reading and writing, unbuffered. Others may read it meanwhile.</summary>
    public static FileStream Open(string path, System.IO.FileMode mode)
    {
        // A link laid here would lead the writer, which may have more rights than who laid it, to another file.
        if (new FileInfo(path).LinkTarget is not null)
        {
            throw new IOException($"'{path}' is a symbolic link");
        }

        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 };
        if (!OperatingSystem.IsWindows() && mode != System.IO.FileMode.Open)
        {
            options.UnixCreateMode = FileMode600;
        }

        return new(path, options);
    }

    /// <summary>The data and the length are on disk on return.</summary>
    public static void SyncData(SafeFileHandle file)
    {
        while (Native.SyncData(file) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted)
            {
                throw Fault(error, "syncing it");
            }
        }
    }

    public static void CreateFolder(string path)
    {
        if (Directory.Exists(path))
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        Directory.CreateDirectory(path, FolderMode700);
        SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Names that were made, changed or removed in it are on disk on return.</summary>
    public static void SyncFolder(string path)
    {
        var handle = Native.Open(Encoding.UTF8.GetBytes(path + '\0'), DirectoryOnly);
        if (handle < 0)
        {
            throw Fault(Marshal.GetLastPInvokeError(), $"opening the directory '{path}'");
        }

        try
        {
            // Some file systems have nothing to sync for a directory and say so.
            if (Native.Sync(handle) != 0 && Marshal.GetLastPInvokeError() is var error && error != NotSupported)
            {
                throw Fault(error, $"syncing the directory '{path}'");
            }
        }
        finally
        {
            _ = Native.Close(handle);
        }
    }

    /// <summary>In one step; not durable before <see cref="SyncFolder"/>.</summary>
    public static void Rename(string from, string to)
    {
        if (Native.Rename(Encoding.UTF8.GetBytes(from + '\0'), Encoding.UTF8.GetBytes(to + '\0')) != 0)
        {
            throw Fault(Marshal.GetLastPInvokeError(), $"renaming '{from}' to '{to}'");
        }
    }

    /// <summary>The file holds the old content or the new, whole, whatever happens.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        var temporary = path + ".new";
        File.Delete(temporary);
        using (var file = Create(temporary))
        {
            RandomAccess.Write(file.SafeFileHandle, content, 0);
            SyncData(file.SafeFileHandle);
        }

        Rename(temporary, path);
    }

    private static IOException Fault(int error, string doing) => new($"{new Win32Exception(error).Message} when {doing}", error);

    private static class Native
    {
        [DllImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int SyncData(SafeFileHandle handle);

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
