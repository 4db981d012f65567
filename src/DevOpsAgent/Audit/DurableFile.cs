using System.ComponentModel;
using System.Runtime.InteropServices;
using DevOpsAgent.Files;
using Microsoft.Win32.SafeHandles;

namespace DevOpsAgent.Audit;

/// <summary>The system's calls for what must be on disk: files of the owner alone, fdatasync. All throw IOException with errno as HResult.</summary>
internal static class DurableFile
{
    public const UnixFileMode FileMode600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode FolderMode700 = FileMode600 | UnixFileMode.UserExecute;

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
        DirectoryEntries.Sync(Path.GetDirectoryName(Path.GetFullPath(path))!);
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

        DirectoryEntries.Rename(temporary, path);
    }

    private static IOException Fault(int error, string doing) => new($"{new Win32Exception(error).Message} when {doing}", error);

    private static class Native
    {
        [DllImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int SyncData(SafeFileHandle handle);
    }
}
