using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace DevOpsAgent.Logs.Sources;

/// <summary>Which file a path leads to: a rotation by rename keeps it, a new file has another. Written "dev:ino".</summary>
internal readonly record struct FileId(ulong Device, ulong Inode)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Device}:{Inode}");

    /// <summary>False for text that isn't two decimal numbers with a colon between.</summary>
    public static bool TryParse(string? text, out FileId id)
    {
        id = default;
        var parts = (text ?? "").Split(':');
        if (parts.Length != 2
            || !ulong.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var device)
            || !ulong.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var inode))
        {
            return false;
        }

        id = new(device, inode);
        return true;
    }
}

internal enum FileKind : byte
{
    Regular,
    Directory,

    /// <summary>A pipe, socket or device: opening it could block for ever.</summary>
    Other,
}

/// <param name="Modified">UTC ticks (100 ns). The kernel's clock for it has steps of up to 4 ms.</param>
internal readonly record struct FileFacts(FileId Id, FileKind Kind, long Size, long Modified);

internal enum FileLookup : byte
{
    Found,
    Missing,

    /// <summary>Something on the way refuses: no permission, a loop of symbolic links, a dead network drive.</summary>
    Refused,
}

/// <summary>Looks up what a path or an open handle is, links followed. Never throws.</summary>
internal static partial class FileIdentity
{
    private static readonly bool HasStatx = OperatingSystem.IsLinux() && ProbeStatx();

    public static FileLookup Look(string path, out FileFacts facts)
    {
        if (HasStatx)
        {
            return Statx(path, out facts);
        }

        facts = default;
        try
        {
            var info = new FileInfo(path);
            var attributes = info.Attributes;
            if ((int)attributes == -1)
            {
                return FileLookup.Missing;
            }

            var directory = attributes.HasFlag(FileAttributes.Directory);
            facts = ByCreation(info.CreationTimeUtc, directory ? FileKind.Directory : FileKind.Regular, directory ? 0 : info.Length, info.LastWriteTimeUtc);
            return FileLookup.Found;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return FileLookup.Missing;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return FileLookup.Refused;
        }
    }

    public static bool TryLook(SafeFileHandle handle, out FileFacts facts)
    {
        if (HasStatx)
        {
            return Statx(handle, out facts);
        }

        facts = default;
        try
        {
            facts = ByCreation(File.GetCreationTimeUtc(handle), FileKind.Regular, RandomAccess.GetLength(handle), File.GetLastWriteTimeUtc(handle));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Where there is no inode to ask for, the creation time (100 ns) stands for it: a rename keeps it.</summary>
    private static FileFacts ByCreation(DateTime created, FileKind kind, long size, DateTime modified) =>
        new(new FileId(0, (ulong)created.Ticks), kind, size, modified.Ticks);
}
