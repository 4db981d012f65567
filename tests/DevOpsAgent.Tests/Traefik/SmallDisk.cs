using System.Runtime.InteropServices;
using System.Text;

namespace DevOpsAgent.Tests.Traefik;

/// <summary>A real file system of a few kilobytes, for a disk that is full or read-only. Needs root; elsewhere its tests are skipped.</summary>
internal static class SmallDisk
{
    private const ulong ReadOnly = 1, Remount = 32;

    public static bool TryMount(string path, string size) =>
        OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && Mount(Text("tmpfs"), Text(path), Text("tmpfs"), 0, Text($"size={size}")) == 0;

    public static bool Freeze(string path) => Mount(Text("tmpfs"), Text(path), Text("tmpfs"), ReadOnly | Remount, null) == 0;

    public static bool Unmount(string path) => Unmount(Text(path), 2) == 0;

    private static byte[] Text(string value) => Encoding.UTF8.GetBytes(value + '\0');

    [DllImport("libc", EntryPoint = "mount")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Mount(byte[] source, byte[] target, byte[] type, ulong flags, byte[]? data);

    [DllImport("libc", EntryPoint = "umount2")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Unmount(byte[] target, int flags);
}
