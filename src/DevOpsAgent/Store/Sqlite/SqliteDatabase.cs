using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace DevOpsAgent.Store.Sqlite;

/// <summary>How the database file is opened.</summary>
internal sealed record SqliteOptions
{
    /// <summary>How long a statement waits for another process' lock.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>True: nothing is created or changed; writes fail as ReadOnly.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Upper limit of the file in pages of 4 KiB; null: the disk.</summary>
    public int? MaxPages { get; init; }
}

/// <summary>
/// A database file in WAL mode: one writing connection under a lock, and as many reading ones as there are readers at a
/// time, so that a listing never holds up the log pipeline. Every fault leaves as <see cref="StoreException"/>.
/// </summary>
internal sealed class SqliteDatabase : IDisposable
{
    private readonly Lock _writing = new();
    private readonly Lock _marking = new();
    private readonly ConcurrentBag<SqliteSession> _readers = [];
    private readonly SqliteOptions _options;
    private readonly SqliteSession _writer;
    private readonly SqliteSession _marker;
    private volatile bool _disposed;

    private SqliteDatabase(string path, SqliteOptions options, IReadOnlyList<string> migrations)
    {
        Path = path;
        _options = options;
        _writer = Connect(writes: true);
        try
        {
            if (!options.ReadOnly)
            {
                SqliteMigrations.Apply(_writer, path, migrations);
            }

            _marker = Connect(writes: false);
        }
        catch
        {
            _writer.Dispose();
            throw;
        }
    }

    public string Path { get; }

    /// <summary>Opens or creates the file and its directory, and brings the schema up to date.</summary>
    public static SqliteDatabase Open(string path, SqliteOptions options, IReadOnlyList<string> migrations)
    {
        SqliteLibrary.Load();
        try
        {
            path = System.IO.Path.GetFullPath(path);
            if (!options.ReadOnly)
            {
                CreateFile(path);
            }

            return new(path, options, migrations);
        }
        catch (Exception fault) when (fault is SqliteException or IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw SqliteFaults.Of(fault, path);
        }
    }

    /// <summary>Runs in a read transaction: all statements see one state. Never waits for the writer.</summary>
    public T Read<T>(Func<SqliteSession, T> work)
    {
        SqliteSession? session = null;
        try
        {
            session = Rent();
            session.Begin(immediate: false);
            var result = work(session);
            session.Commit();
            Return(session);
            return result;
        }
        catch (Exception fault)
        {
            session?.Dispose();
            if (fault is SqliteException sqlite)
            {
                throw SqliteFaults.Of(sqlite, Path);
            }

            throw;
        }
    }

    /// <summary>Runs in a write transaction; an exception from <paramref name="work"/> rolls it back. On return it is on the disk.</summary>
    public T Write<T>(Func<SqliteSession, T> work)
    {
        lock (_writing)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            try
            {
                _writer.Begin(immediate: true);
                var result = work(_writer);
                _writer.Commit();
                return result;
            }
            catch (Exception fault)
            {
                RollbackQuietly();
                if (fault is SqliteException sqlite)
                {
                    throw SqliteFaults.Of(sqlite, Path);
                }

                throw;
            }
        }
    }

    public void Write(Action<SqliteSession> work) => Write<object?>(session =>
    {
        work(session);
        return null;
    });

    /// <summary>Rows as they are read, on a connection of their own.</summary>
    public IEnumerable<T> Stream<T>(string sql, Func<SqliteDataReader, T> read)
    {
        var session = Guarded(Rent);
        try
        {
            using var rows = session.Stream(sql, read).GetEnumerator();
            while (Guarded(rows.MoveNext))
            {
                yield return rows.Current;
            }
        }
        finally
        {
            Return(session);
        }
    }

    /// <summary>Changes with each commit of any other connection, and this one never writes: so with each commit there is.</summary>
    public long DataVersion()
    {
        lock (_marking)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return Guarded(() => _marker.Scalar<long>("PRAGMA data_version"));
        }
    }

    public void Dispose()
    {
        lock (_writing)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            while (_readers.TryTake(out var reader))
            {
                reader.Dispose();
            }

            lock (_marking)
            {
                _marker.Dispose();
            }

            // The last connection to close copies the WAL into the database.
            _writer.Dispose();
        }
    }

    private void RollbackQuietly()
    {
        try
        {
            _writer.Rollback();
        }
        catch (SqliteException)
        {
            // The first fault is the one to report; an open transaction makes the next Begin fail as loudly.
        }
    }

    private T Guarded<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SqliteException fault)
        {
            throw SqliteFaults.Of(fault, Path);
        }
    }

    private SqliteSession Rent()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _readers.TryTake(out var session) ? session : Connect(writes: false);
    }

    private void Return(SqliteSession session)
    {
        if (_disposed || _readers.Count >= 4)
        {
            session.Dispose();
        }
        else
        {
            _readers.Add(session);
        }
    }

    private SqliteSession Connect(bool writes)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = Path,
            Mode = _options.ReadOnly ? SqliteOpenMode.ReadOnly : SqliteOpenMode.ReadWrite,
            Pooling = false,
            ForeignKeys = true,
            // The provider's own retry loop sleeps 150 ms a time: SQLite's busy handler waits instead, and this ends the loop after it.
            DefaultTimeout = 1,
        }.ToString());
        try
        {
            connection.Open();
            var session = new SqliteSession(connection);
            session.Script($"PRAGMA busy_timeout = {(int)_options.BusyTimeout.TotalMilliseconds}");
            if (_options.ReadOnly)
            {
                return session;
            }

            // WAL with FULL: a commit that returned survives a power cut.
            if (writes && session.Scalar<string>("PRAGMA journal_mode = WAL") is not "wal")
            {
                throw new StoreException($"The file system of {Path} can't do what the database needs (shared memory): set database.path to a local disk.", StoreFault.Unavailable);
            }

            session.Script(writes ? "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864" : "PRAGMA query_only = 1");
            if (writes && _options.MaxPages is { } pages)
            {
                session.Script($"PRAGMA max_page_count = {pages}");
            }

            return session;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Evidence holds what clients sent, tokens in URLs included: the file is its owner's alone. WAL and shared memory take its mode.</summary>
    private static void CreateFile(string path)
    {
        if (System.IO.Path.GetDirectoryName(path) is { Length: > 0 } directory)
        {
            Directory.CreateDirectory(directory);
        }

        if (File.Exists(path))
        {
            return;
        }

        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var created = new FileStream(path, options);
    }
}
