namespace DevOpsAgent.Audit;

/// <summary>What the file system says, in words that tell an operator what to do.</summary>
internal static class AuditFaults
{
    // errno of Linux; the framework gives it as HResult.
    private const int IoError = 5, NoAccess = 13, NoSpace = 28, ReadOnly = 30, Quota = 122;

    /// <summary>EWOULDBLOCK of flock: another process holds the file.</summary>
    public const int Locked = 11;

    public static AuditException Of(Exception fault, string path)
    {
        var (what, next) = fault switch
        {
            UnauthorizedAccessException or IOException { HResult: NoAccess } => ("can't be written by this user", "give the user of exec the directory, mode 0700"),
            IOException { HResult: NoSpace } => ("can't be written: its disk is full", "free some space, or lower audit.keep_size"),
            IOException { HResult: Quota } => ("can't be written: the disk quota is used up", "raise it, or lower audit.keep_size"),
            IOException { HResult: ReadOnly } => ("is on a read-only file system", "look into the kernel's log for why, then mount it writable"),
            IOException { HResult: IoError } => ("can't be written: input/output error", "check the disk and the kernel's log"),
            _ => ($"can't be written: {fault.Message}", "check the path and its file system"),
        };
        return new($"The audit log {path} {what}. Nothing is run that can't be recorded: {next}.", fault);
    }

    public static bool IsIo(Exception fault) => fault is IOException or UnauthorizedAccessException;
}
