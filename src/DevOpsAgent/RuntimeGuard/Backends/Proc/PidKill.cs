using System.Runtime.InteropServices;

namespace DevOpsAgent.RuntimeGuard.Backends.Proc;

/// <summary>Kills a process and no other: its number may have gone to a new process since it was seen.</summary>
internal static class PidKill
{
    private const long SysPidFdSendSignal = 424;
    private const long SysPidFdOpen = 434;
    private const int SigKill = 9;

    /// <summary>False: it is gone, another one, or not ours to kill.</summary>
    public static bool TryKill(ProcTree tree, int pid, long startTicks)
    {
        if (pid <= 1 || pid == Environment.ProcessId)
        {
            return false;
        }

        // The descriptor holds on to whatever has the number now; only then is it asked whether that is the one we mean.
        var handle = (int)Native.Call(SysPidFdOpen, pid, 0, 0, 0);
        if (handle < 0)
        {
            return false;
        }

        try
        {
            return tree.Stat(pid)?.StartTicks == startTicks && Native.Call(SysPidFdSendSignal, handle, SigKill, 0, 0) == 0;
        }
        finally
        {
            _ = Native.Close(handle);
        }
    }

    private static class Native
    {
        [DllImport("libc", EntryPoint = "syscall", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern long Call(long number, long a, long b, long c, long d);

        [DllImport("libc", EntryPoint = "close", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Close(int handle);
    }
}
