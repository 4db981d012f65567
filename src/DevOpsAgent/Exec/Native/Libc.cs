using System.Runtime.InteropServices;

namespace DevOpsAgent.Exec.Native;

/// <summary>
/// The calls of glibc (2.34 or newer) and Linux (5.11 or newer) that Exec needs and .NET lacks. Constants are those of the
/// kernel's headers for x86-64 and arm64. Arguments are blittable, so no unsafe code is needed.
/// </summary>
internal static class Libc
{
    public const int SigKill = 9;
    public const int SigTerm = 15;

    public const int WriteOnly = 1;
    public const int OpenPath = 0x200000;
    public const int CloseOnExec = 0x80000;

    /// <summary>F_SETFL and O_NONBLOCK.</summary>
    public const int SetFlags = 4;
    public const int NonBlocking = 0x800;

    public const int AtFdCwd = -100;
    public const int AtEmptyPath = 0x1000;
    public const uint StatxBasic = 0x7ff;

    public const int PrSetNoNewPrivs = 38;
    public const int CloseRangeCloexec = 4;

    public const short SpawnSetPgroup = 0x02;
    public const short SpawnSetSigDef = 0x04;
    public const short SpawnSetSigMask = 0x08;

    public const int WaitPidFd = 3;
    public const int WaitNoHang = 1;
    public const int WaitExited = 4;
    public const int WaitNoReap = 0x01000000;

    public const int EpollAdd = 1;
    public const int EpollDelete = 2;
    public const int EpollModify = 3;
    public const uint EpollIn = 1;
    public const uint EpollOneShot = 1u << 30;

    public const int Eperm = 1;
    public const int Eintr = 4;
    public const int Eagain = 11;

    private const long SysPidFdSendSignal = 424;
    private const long SysPidFdOpen = 434;

    public static int PidFdOpen(int pid) => (int)syscall(SysPidFdOpen, pid, 0, 0, 0);

    public static int PidFdSignal(int pidFd, int signal) => (int)syscall(SysPidFdSendSignal, pidFd, signal, 0, 0);

    /// <summary>"ENOENT" in words, for the last call that failed.</summary>
    public static string LastError() => Describe(Marshal.GetLastPInvokeError());

    public static string Describe(int error) => Marshal.GetPInvokeErrorMessage(error);

    [DllImport("libc", SetLastError = true)]
    private static extern long syscall(long number, long a, long b, long c, long d);

    [DllImport("libc", SetLastError = true)]
    public static extern int open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, int mode);

    [DllImport("libc", SetLastError = true)]
    public static extern int close(int fd);

    [DllImport("libc", SetLastError = true)]
    public static extern nint read(int fd, [Out] byte[] buffer, nint count);

    [DllImport("libc", SetLastError = true)]
    public static extern int fcntl(int fd, int command, int argument);

    [DllImport("libc", SetLastError = true)]
    public static extern int mkfifo([MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint mode);

    [DllImport("libc")]
    public static extern int gettid();

    [DllImport("libc", SetLastError = true)]
    public static extern int pipe2([Out] int[] ends, int flags);

    [DllImport("libc", SetLastError = true)]
    public static extern int statx(int directory, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, [Out] byte[] result);

    [DllImport("libc", SetLastError = true)]
    public static extern int prctl(int option, nuint a, nuint b, nuint c, nuint d);

    [DllImport("libc", SetLastError = true)]
    public static extern int close_range(uint first, uint last, int flags);

    [DllImport("libc", SetLastError = true)]
    public static extern int kill(int pid, int signal);

    [DllImport("libc", SetLastError = true)]
    public static extern int waitid(int idType, int id, [Out] int[] info, int options);

    [DllImport("libc", SetLastError = true)]
    public static extern int prlimit(int pid, int resource, ulong[] limit, nint old);

    [DllImport("libc", SetLastError = true)]
    public static extern int epoll_create1(int flags);

    [DllImport("libc", SetLastError = true)]
    public static extern int epoll_ctl(int epoll, int operation, int fd, byte[] description);

    [DllImport("libc", SetLastError = true)]
    public static extern int epoll_wait(int epoll, [Out] byte[] events, int max, int timeout);

    [DllImport("libc")]
    public static extern int sigfillset(nint set);

    [DllImport("libc")]
    public static extern int sigemptyset(nint set);

    [DllImport("libc")]
    public static extern int posix_spawn(out int pid, nint path, nint actions, nint attributes, nint argv, nint environment);

    [DllImport("libc")]
    public static extern int posix_spawnattr_init(nint attributes);

    [DllImport("libc")]
    public static extern int posix_spawnattr_destroy(nint attributes);

    [DllImport("libc")]
    public static extern int posix_spawnattr_setflags(nint attributes, short flags);

    [DllImport("libc")]
    public static extern int posix_spawnattr_setpgroup(nint attributes, int group);

    [DllImport("libc")]
    public static extern int posix_spawnattr_setsigmask(nint attributes, nint set);

    [DllImport("libc")]
    public static extern int posix_spawnattr_setsigdefault(nint attributes, nint set);

    [DllImport("libc")]
    public static extern int posix_spawn_file_actions_init(nint actions);

    [DllImport("libc")]
    public static extern int posix_spawn_file_actions_destroy(nint actions);

    [DllImport("libc")]
    public static extern int posix_spawn_file_actions_adddup2(nint actions, int fd, int target);

    [DllImport("libc")]
    public static extern int posix_spawn_file_actions_addopen(nint actions, int fd, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, int mode);

    [DllImport("libc")]
    public static extern int posix_spawn_file_actions_addfchdir_np(nint actions, int fd);
}
