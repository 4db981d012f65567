using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DevOpsAgent.Logs.Sources;

/// <summary>Linux: statx(2), whose result has the same layout on every architecture and C library.</summary>
internal static partial class FileIdentity
{
    private const int AtFdCwd = -100;
    private const int AtEmptyPath = 0x1000;
    private const uint BasicStats = 0x7ff;
    private const int NoEntry = 2;
    private const int NotDirectory = 20;

    private static bool ProbeStatx()
    {
        try
        {
            return Native(AtFdCwd, "/", 0, BasicStats, out _) == 0;
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            return false;
        }
    }

    private static FileLookup Statx(string path, out FileFacts facts)
    {
        facts = default;
        if (path.Contains('\0'))
        {
            return FileLookup.Missing;
        }

        if (Native(AtFdCwd, path, 0, BasicStats, out var found) != 0)
        {
            return Marshal.GetLastPInvokeError() is NoEntry or NotDirectory ? FileLookup.Missing : FileLookup.Refused;
        }

        facts = found.ToFacts();
        return FileLookup.Found;
    }

    private static bool Statx(SafeFileHandle handle, out FileFacts facts)
    {
        facts = default;
        var held = false;
        try
        {
            handle.DangerousAddRef(ref held);
            if (Native((int)handle.DangerousGetHandle(), "", AtEmptyPath, BasicStats, out var found) != 0)
            {
                return false;
            }

            facts = found.ToFacts();
            return true;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
        finally
        {
            if (held)
            {
                handle.DangerousRelease();
            }
        }
    }

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Native(int directory, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, out StatxResult result);

    /// <summary>struct statx of linux/stat.h: 256 bytes, of which these are read.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatxResult
    {
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Inode;
        [FieldOffset(40)] public ulong Size;
        [FieldOffset(112)] public long ModifiedSeconds;
        [FieldOffset(120)] public uint ModifiedNanoseconds;
        [FieldOffset(136)] public uint DeviceMajor;
        [FieldOffset(140)] public uint DeviceMinor;

        public readonly FileFacts ToFacts() => new(
            new FileId(((ulong)DeviceMajor << 32) | DeviceMinor, Inode),
            (Mode & 0xF000) switch { 0x8000 => FileKind.Regular, 0x4000 => FileKind.Directory, _ => FileKind.Other },
            (long)Size,
            DateTime.UnixEpoch.Ticks + (ModifiedSeconds * TimeSpan.TicksPerSecond) + (ModifiedNanoseconds / 100));
    }
}
