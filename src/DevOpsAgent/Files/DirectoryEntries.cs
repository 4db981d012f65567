using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

namespace DevOpsAgent.Files;

/// <summary>
/// The system's calls on names in directories that the framework has no form of: a rename that is one step (File.Move silently
/// copies between file systems) and a directory that is on disk. They throw IOException with errno as HResult.
/// </summary>
internal static class DirectoryEntries
{
    private const int DirectoryOnly = 0x10000 | 0x80000; // O_DIRECTORY | O_CLOEXEC
    private const int NotSupported = 22; // EINVAL

    /// <summary>In one step; not durable before <see cref="Sync"/>.</summary>
    public static void Rename(string from, string to)
    {
        if (Native.Rename(Bytes(from), Bytes(to)) != 0)
        {
            throw Fault(Marshal.GetLastPInvokeError(), $"renaming '{from}' to '{to}'");
        }
    }

    /// <summary>Names that were made, changed or removed in it are on disk on return. Does nothing on systems other than Linux and macOS.</summary>
    public static void Sync(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var handle = Native.Open(Bytes(directory), OperatingSystem.IsLinux() ? DirectoryOnly : 0);
        if (handle < 0)
        {
            throw Fault(Marshal.GetLastPInvokeError(), $"opening the directory '{directory}'");
        }

        try
        {
            // Some file systems have nothing to sync for a directory and say so.
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
