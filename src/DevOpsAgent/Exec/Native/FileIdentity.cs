namespace DevOpsAgent.Exec.Native;

/// <summary>
/// Which file a path or descriptor means, and in which state: device, inode, size, and the times of the last change of content
/// and of inode. The last can't be set back by a program, so a file that was rewritten in place differs too.
/// </summary>
internal readonly record struct FileIdentity(ulong Device, ulong Inode, long Size, long ModifiedNs, long ChangedNs, int Mode, uint Owner)
{
    private const int TypeMask = 0xF000;

    public bool IsRegular => (Mode & TypeMask) == 0x8000;

    public bool IsDirectory => (Mode & TypeMask) == 0x4000;

    public bool IsExecutable => (Mode & 0x49) != 0;

    /// <summary>Its group or everybody may write to it.</summary>
    public bool IsShared => (Mode & 0x12) != 0;

    /// <summary>The same object, whatever was done to it.</summary>
    public bool IsSameObject(FileIdentity other) => Device == other.Device && Inode == other.Inode;

    /// <summary>Follows links. False: it can't be looked at; the error says why.</summary>
    public static bool TryOf(string path, out FileIdentity identity, out string error) => TryOf(Libc.AtFdCwd, path, 0, out identity, out error);

    public static bool TryOf(int descriptor, out FileIdentity identity, out string error) => TryOf(descriptor, "", Libc.AtEmptyPath, out identity, out error);

    private static bool TryOf(int directory, string path, int flags, out FileIdentity identity, out string error)
    {
        // struct statx is the same on every architecture: uid at 20, mode at 28, ino at 32, size at 40, ctime at 96, mtime at
        // 112, device major and minor at 136.
        var s = new byte[256];
        if (Libc.statx(directory, path, flags, Libc.StatxBasic, s) != 0)
        {
            identity = default;
            error = Libc.LastError();
            return false;
        }

        error = "";
        identity = new(
            Device: BitConverter.ToUInt64(s, 136),
            Inode: BitConverter.ToUInt64(s, 32),
            Size: BitConverter.ToInt64(s, 40),
            ModifiedNs: Time(s.AsSpan(112)),
            ChangedNs: Time(s.AsSpan(96)),
            Mode: BitConverter.ToUInt16(s, 28),
            Owner: BitConverter.ToUInt32(s, 20));
        return true;
    }

    private static long Time(ReadOnlySpan<byte> field) =>
        BitConverter.ToInt64(field) * 1_000_000_000 + BitConverter.ToUInt32(field[8..]);
}
