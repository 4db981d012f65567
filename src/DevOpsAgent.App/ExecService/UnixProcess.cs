using System.Runtime.InteropServices;
using System.Text;

namespace DevOpsAgent.App.ExecService;

/// <summary>What Exec has to know of and set in its own process, that the framework has no call for.</summary>
internal static class UnixProcess
{
    private const int OpenDirectory = 0x10000 | 0x80000; // O_DIRECTORY | O_CLOEXEC
    private const int Exclusive = 2; // LOCK_EX
    private const int WorkingDirectory = -100; // AT_FDCWD
    private const int NoFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    private const uint BasicStats = 0x7ff; // STATX_BASIC_STATS

    public static uint UserId => Native.GetEffectiveUserId();

    /// <summary>From now on new files, sockets and those of commands are for their owner only, whatever mode they ask for.</summary>
    public static void KeepFilesPrivate() => _ = Native.Umask(0x3f); // 077

    /// <summary>The owner of a file or directory; null if there is none. Links are followed.</summary>
    public static uint? OwnerOf(string path) => Stat(path, follow: true) is { } stat ? BitConverter.ToUInt32(stat, 20) : null; // stx_uid

    /// <summary>Whether this very name is a Unix socket, and not a link to one.</summary>
    public static bool IsSocket(string path) => Stat(path, follow: false) is { } stat && (BitConverter.ToUInt16(stat, 28) & 0xF000) == 0xC000; // stx_mode, S_IFMT, S_IFSOCK

    /// <summary>Waits for and holds the lock of a directory until disposed. Leaves no file behind, unlike a lock file.</summary>
    public static IDisposable LockDirectory(string path)
    {
        var handle = Native.Open(Bytes(path), OpenDirectory);
        if (handle < 0)
        {
            throw new IOException($"The directory {path} can't be opened: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
        }

        _ = Native.Lock(handle, Exclusive);
        return new Held(handle);
    }

    private static byte[]? Stat(string path, bool follow)
    {
        var result = new byte[256];
        return Native.Statx(WorkingDirectory, Bytes(path), follow ? 0 : NoFollow, BasicStats, result) == 0 ? result : null;
    }

    private static byte[] Bytes(string path) => Encoding.UTF8.GetBytes(path + '\0');

    private sealed class Held(int handle) : IDisposable
    {
        public void Dispose() => _ = Native.Close(handle);
    }

    private static class Native
    {
        [DllImport("libc", EntryPoint = "geteuid")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern uint GetEffectiveUserId();

        [DllImport("libc", EntryPoint = "umask")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern uint Umask(uint mask);

        [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Statx(int directory, byte[] path, int flags, uint mask, byte[] result);

        [DllImport("libc", EntryPoint = "open", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Open(byte[] path, int flags);

        [DllImport("libc", EntryPoint = "flock", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Lock(int handle, int operation);

        [DllImport("libc", EntryPoint = "close", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Close(int handle);
    }
}
