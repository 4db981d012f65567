using Microsoft.Data.Sqlite;

namespace DevOpsAgent.Store.Sqlite;

/// <summary>Turns what SQLite and the file system report into a <see cref="StoreException"/> that says what to do.</summary>
internal static class SqliteFaults
{
    // Primary result codes, https://www.sqlite.org/rescode.html
    private const int Busy = 5, Locked = 6, ReadOnly = 8, IoError = 10, Corrupt = 11, Full = 13, CantOpen = 14, Constraint = 19, NotADatabase = 26;

    public static bool IsConstraint(SqliteException fault) => fault.SqliteErrorCode == Constraint;

    public static StoreException Of(SqliteException fault, string path) => fault.SqliteErrorCode switch
    {
        Busy or Locked => new($"The database {path} is locked by another process: try again, or stop what holds it.", StoreFault.Unavailable, fault),
        ReadOnly => new($"The database {path} is read-only: make the file and its directory writable for this user, or set database.path.", StoreFault.ReadOnly, fault),
        Full => new($"The disk that holds the database {path} is full: free some space.", StoreFault.Full, fault),
        IoError => new($"The database {path} can't be read or written, the disk is full or failing ({fault.Message}): check it, then free some space.", StoreFault.Full, fault),
        Corrupt or NotADatabase => new(
            $"The database {path} is corrupt or not a database ({fault.Message}): move it away and start with a new one, or restore a backup.", StoreFault.Corrupt, fault),
        CantOpen => new($"The database {path} can't be opened: check that it is a file and that this user may read and write it and its directory.", StoreFault.Unavailable, fault),
        _ => new($"The database {path} failed: {fault.Message}", StoreFault.Unavailable, fault),
    };

    public static StoreException Of(Exception fault, string path)
    {
        const int noSpace = 28, readOnlyFileSystem = 30;
        return fault switch
        {
            SqliteException sqlite => Of(sqlite, path),
            UnauthorizedAccessException => new($"The database {path} can't be written: {fault.Message} Make the directory writable for this user, or set database.path.", StoreFault.ReadOnly, fault),
            IOException { HResult: readOnlyFileSystem } => new($"The database {path} is on a read-only file system: set database.path.", StoreFault.ReadOnly, fault),
            IOException { HResult: noSpace } => new($"The disk that holds the database {path} is full: free some space.", StoreFault.Full, fault),
            _ => new($"The database {path} can't be opened: {fault.Message} Set database.path to a file in a directory that this user may write.", StoreFault.Unavailable, fault),
        };
    }
}
