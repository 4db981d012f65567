using System.Runtime.InteropServices;

namespace DevOpsAgent.Ebpf.Native;

/// <summary>What the base library has no call for.</summary>
internal static unsafe partial class Libc
{
    private const int AtFdCwd = -100;
    private const int OpenDirectory = 0x10000 | 0x80000; // O_DIRECTORY | O_CLOEXEC
    private const uint StatxInode = 0x100;

    public const int Eperm = 1;

    [LibraryImport("libc", EntryPoint = "vsnprintf")]
    public static partial int FormatList(byte* text, nuint size, byte* format, nint list);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int handle);

    [LibraryImport("libc", EntryPoint = "strerror")]
    private static partial nint StrError(int error);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
    private static partial int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true)]
    public static partial int Rename([MarshalAs(UnmanagedType.LPUTF8Str)] string from, [MarshalAs(UnmanagedType.LPUTF8Str)] string to);

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true)]
    private static partial int Mount([MarshalAs(UnmanagedType.LPUTF8Str)] string source, [MarshalAs(UnmanagedType.LPUTF8Str)] string target, [MarshalAs(UnmanagedType.LPUTF8Str)] string type, ulong flags, nint data);

    [LibraryImport("libc", EntryPoint = "statx")]
    private static partial int Statx(int directory, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, byte* answer);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    public static string Message(int error) => Marshal.PtrToStringUTF8(StrError(error)) ?? error.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>-1: it can't be opened.</summary>
    public static int OpenFolder(string path) => Open(path, OpenDirectory);

    public static bool TryMountBpf(string path) => Mount("bpf", path, "bpf", 0, 0) == 0;

    /// <summary>Device as the kernel numbers it (major &lt;&lt; 20 | minor) and inode. Null: no such file.</summary>
    public static (ulong Device, ulong Inode)? FileIdentity(string path)
    {
        // struct statx: stx_ino at 32, stx_dev_major at 136, stx_dev_minor at 140.
        var answer = stackalloc byte[256];
        return Statx(AtFdCwd, path, 0, StatxInode, answer) == 0
            ? ((ulong)(*(uint*)(answer + 136) << 20 | *(uint*)(answer + 140)), *(ulong*)(answer + 32))
            : null;
    }
}
