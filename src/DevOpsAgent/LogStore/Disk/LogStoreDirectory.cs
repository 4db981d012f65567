using System.Collections.Concurrent;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Disk;

/// <summary>
/// The store's folder: one folder per index, one file per segment. Full segments are written by a thread of their own while
/// the next one fills; the growing one is written on <see cref="Flush"/>. Whatever is torn at start is set aside and told.
/// </summary>
internal sealed class LogStoreDirectory : IDisposable
{
    private readonly string _root;
    private readonly StoreOptions _options;
    private readonly TimeProvider _time;
    private readonly FileStream _lock;
    private readonly Dictionary<string, IndexFolder> _folders = new(StringComparer.Ordinal);
    private readonly BlockingCollection<(LogIndex Index, Segment Segment)> _full;
    private readonly Thread _writer;
    private readonly List<string> _problems = [];
    private readonly object _room = new();

    /// <exception cref="StoreDamagedException">A newer version wrote it.</exception>
    /// <exception cref="IOException">Another process has it open, or it can't be written.</exception>
    public LogStoreDirectory(string root, StoreOptions options, TimeProvider time)
    {
        _root = root;
        _options = options;
        _time = time;
        Directory.CreateDirectory(root);
        _lock = OpenLock(root);
        _full = new(options.MaxWaiting);
        try
        {
            Cache = new(options.CacheBytes);
            foreach (var folder in Directory.GetDirectories(root).Order(StringComparer.Ordinal))
            {
                Load(folder);
            }
        }
        catch
        {
            _lock.Dispose();
            _full.Dispose();
            throw;
        }

        Catalog.Changed = Adopt;
        _writer = new(WriteFull) { IsBackground = true, Name = "log store" };
        _writer.Start();
    }

    public IndexCatalog Catalog { get; } = new();

    public ColumnCache Cache { get; }

    /// <summary>What was set aside, and why; what the disk refuses now.</summary>
    public IReadOnlyList<string> Problems
    {
        get
        {
            lock (_problems)
            {
                return [.. _problems];
            }
        }
    }

    /// <summary>Bytes of all segments on disk.</summary>
    public long Bytes => _folders.Values.Sum(static f => f.Bytes);

    private static FileStream OpenLock(string root)
    {
        try
        {
            return new(Path.Combine(root, "store.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new IOException($"{root} can't be opened: another process has it, or it can't be written ({e.Message})", e);
        }
    }

    private void Load(string path)
    {
        var folder = new IndexFolder(path, Cache);
        if (folder.Load(Catalog, Tell) is { } index)
        {
            _folders[index.Name] = folder;
            Watch(index);
        }
    }

    private void Tell(string problem)
    {
        lock (_problems)
        {
            if (!_problems.Contains(problem, StringComparer.Ordinal))
            {
                _problems.Add(problem);
            }
        }
    }

    private void Watch(LogIndex index) => index.Sealed = segment =>
    {
        // Segments that the disk didn't take stay in memory: so many of them, and no more.
        if (index.Segments.Count(static s => s.Disk is null) > _options.MaxWaiting || !_full.TryAdd((index, segment)))
        {
            throw new DslException("cluster_block_exception", $"the disk of {_root} doesn't take what waits for it: {string.Join(" ", Problems)}", 429);
        }
    };

    /// <summary>An index was made or deleted in the catalog.</summary>
    private void Adopt(string name, LogIndex? index)
    {
        if (index is null)
        {
            if (_folders.Remove(name, out var gone))
            {
                gone.Delete();
            }

            return;
        }

        _folders[name] = new(Path.Combine(_root, index.Uuid), Cache);
        Watch(index);
    }

    /// <summary>Waits until the disk has caught up so far that a full segment finds room. Not to be called with the catalog's lock held.</summary>
    public void WaitForRoom()
    {
        lock (_room)
        {
            while (_full.Count >= _options.MaxWaiting - 1)
            {
                Monitor.Wait(_room, 100);
            }
        }
    }

    private void WriteFull()
    {
        foreach (var (index, segment) in _full.GetConsumingEnumerable())
        {
            try
            {
                if (_folders.TryGetValue(index.Name, out var folder))
                {
                    var stored = folder.Write(segment);
                    Swap(index, folder, segment, stored);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It stays in memory and is searched there; the next flush tries again.
                Tell($"{_root} can't be written: {e.Message}");
            }

            lock (_room)
            {
                Monitor.PulseAll(_room);
            }
        }
    }

    private void Swap(LogIndex index, IndexFolder folder, Segment segment, WrittenSegment stored)
    {
        Catalog.Lock.EnterWriteLock();
        try
        {
            folder.Swap(index, segment, stored);
            folder.Save(index, Catalog);
        }
        finally
        {
            Catalog.Lock.ExitWriteLock();
        }
    }

    /// <summary>Everything that was taken so far is on the disk after it.</summary>
    /// <exception cref="IOException">The disk is full or can't be written; all stays in memory, and the next flush tries again.</exception>
    public void Flush()
    {
        Catalog.Lock.EnterWriteLock();
        try
        {
            foreach (var index in Catalog.Indexes.Values)
            {
                _folders[index.Name].Flush(index, Catalog);
            }

            lock (_problems)
            {
                _problems.RemoveAll(static p => p.Contains("can't be written", StringComparison.Ordinal));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Tell($"{_root} can't be written: {e.Message}");
            throw new IOException($"{_root} can't be written: {e.Message}", e);
        }
        finally
        {
            Catalog.Lock.ExitWriteLock();
        }
    }

    /// <summary>Drops the oldest segments until size and age are within bounds. Returns how many went.</summary>
    public int Retain()
    {
        Catalog.Lock.EnterWriteLock();
        try
        {
            var gone = 0;
            var oldest = (_time.GetUtcNow() - _options.MaxAge).ToUnixTimeMilliseconds();
            var all = Catalog.Indexes.Values.SelectMany(static i => i.Segments.Where(s => s != i.Growing && s.Disk is not null).Select(s => (Index: i, Segment: s))).OrderBy(static p => p.Segment.Times.Last).ToList();
            var bytes = Bytes;
            foreach (var (index, segment) in all)
            {
                if (segment.Times.Last >= oldest && bytes <= _options.MaxBytes)
                {
                    continue;
                }

                var folder = _folders[index.Name];
                bytes -= folder.Remove(index, segment, Catalog);
                gone++;
                if (index.Segments.Count == 0)
                {
                    Catalog.Delete(index.Name);
                }
            }

            return gone;
        }
        finally
        {
            Catalog.Lock.ExitWriteLock();
        }
    }

    public void Dispose()
    {
        _full.CompleteAdding();
        _writer.Join();
        try
        {
            Flush();
        }
        catch (IOException)
        {
            // Told before, by whoever flushed: there is nobody left to tell.
        }

        foreach (var folder in _folders.Values)
        {
            folder.Dispose();
        }

        _full.Dispose();
        Catalog.Dispose();
        _lock.Dispose();
    }
}
