using System.Text;
using DevOpsAgent.Signing;

namespace DevOpsAgent.Exec.Remote;

/// <summary>Files that nobody but their owner may read or write: private keys, and the list of who is trusted. Faults come as <see cref="IdentityException"/>.</summary>
internal static class OwnFile
{
    public const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>A new file, durable. One that is there is an error: a key that is overwritten is lost for good.</summary>
    public static void Create(string path, string content)
    {
        if (!Try(path, () => PrivateFile.TryCreate(Path.GetFullPath(path), Encoding.UTF8.GetBytes(content))))
        {
            throw new IdentityException($"{path} exists already and is not overwritten. Name another directory, or move the file away first.");
        }
    }

    /// <summary>Replaces the file in one step: a reader, or a kill at any instruction, sees the old content or the new, whole.</summary>
    public static void Replace(string path, string content) => Try(path, () =>
    {
        PrivateFile.Replace(Path.GetFullPath(path), Encoding.UTF8.GetBytes(content));
        return true;
    });

    /// <summary>The content. A file that is longer than the limit, or open to others, is an error.</summary>
    public static string Read(string path, int limit)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

            // Asked of the open file, not of its name: between the two somebody could put another file there.
            if (!OperatingSystem.IsWindows() && File.GetUnixFileMode(stream.SafeFileHandle) is var mode && (mode & Others) != UnixFileMode.None)
            {
                throw new IdentityException($"{path} is open to other users (mode {Convert.ToString((int)mode, 8)}). If they can't have used it: chmod 600 {path}; else make a new one.");
            }

            if (stream.Length > limit)
            {
                throw new IdentityException($"{path} is longer than {limit} bytes: it is not what it should be.");
            }

            using var reader = new StreamReader(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: false));
            return reader.ReadToEnd();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IdentityException($"{path} can't be read: {e.Message}", e);
        }
    }

    private static bool Try(string path, Func<bool> write)
    {
        try
        {
            return write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IdentityException($"{path} can't be written ({e.Message}): name a directory that this user may write.", e);
        }
    }
}
