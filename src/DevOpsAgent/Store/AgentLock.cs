using System.Globalization;

namespace DevOpsAgent.Store;

/// <summary>
/// One agent per database: two would follow the same logs and count each request twice. An exclusive advisory lock (flock) on
/// "DATABASE.lock", which the kernel releases however the process ends; the holder's pid stands in "DATABASE.pid", since a locked
/// file can't be read. Commands that only look or decide don't take it.
/// </summary>
internal sealed class AgentLock : IDisposable
{
    private readonly FileStream _lock;
    private readonly string _pidFile;

    private AgentLock(FileStream held, string pidFile)
    {
        _lock = held;
        _pidFile = pidFile;
    }

    /// <summary>Throws <see cref="StoreException"/>: InUse when another agent has it, ReadOnly or Unavailable when the file can't be made.</summary>
    /// <param name="what">What is held, and the key that names it: another part of the program may hold what is its own.</param>
    public static AgentLock Take(string databasePath, string what = "database", string key = "database.path")
    {
        var path = Path.GetFullPath(databasePath);
        var (lockFile, pidFile) = (path + ".lock", path + ".pid");
        FileStream? held = null;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            held = new(lockFile, Options(FileMode.OpenOrCreate, FileShare.None));
            using var pid = new StreamWriter(new FileStream(pidFile, Options(FileMode.Create, FileShare.Read)));
            pid.Write(Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new(held, pidFile);
        }
        catch (UnauthorizedAccessException fault)
        {
            held?.Dispose();
            throw new StoreException($"{lockFile} can't be written ({fault.Message}): make its directory writable for this user, or set {key}.", StoreFault.ReadOnly, fault);
        }
        catch (IOException fault) when (held is null && IsHeld(fault))
        {
            throw new StoreException($"another devops-agent{Holder(pidFile)} uses this {what}; stop it or set {key}", StoreFault.InUse, fault);
        }
        catch (IOException fault)
        {
            held?.Dispose();
            throw new StoreException($"{lockFile} can't be made ({fault.Message}): set {key} to a place in a directory that this user may write.", StoreFault.Unavailable, fault);
        }
    }

    public void Dispose()
    {
        // The pid goes while the lock is held: afterwards it might be the next holder's. The lock file stays:
        // removing it would let one agent lock the removed file and another its successor.
        try
        {
            File.Delete(_pidFile);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The disk turned read-only meanwhile: the next holder writes its own pid over it.
        }

        _lock.Dispose();
    }

    // EWOULDBLOCK of Linux and of macOS and BSD; ERROR_SHARING_VIOLATION of Windows.
    private static bool IsHeld(IOException fault) => fault.HResult is 11 or 35 or unchecked((int)0x80070020);

    private static string Holder(string pidFile)
    {
        try
        {
            var text = File.ReadAllText(pidFile);
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                ? string.Create(CultureInfo.InvariantCulture, $" (pid {pid})")
                : "";
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static FileStreamOptions Options(FileMode mode, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }
}
