using System.Text.Json;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Columns;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Disk;

/// <summary>A segment that lies in a file.</summary>
internal sealed record WrittenSegment(string File, long Bytes, Segment Segment);

/// <summary>One index on disk: index.json and its segment files. A file that index.json doesn't name was never finished.</summary>
internal sealed class IndexFolder(string path, ColumnCache cache) : IDisposable
{
    private const string StateName = "index.json";

    private readonly Dictionary<Segment, WrittenSegment> _written = [];
    private readonly List<string> _gone = [];
    private int _next;
    private (Segment Segment, int Count)? _growing;
    private long _savedVersion = -1;

    public long Bytes => _written.Values.Sum(static w => w.Bytes);

    /// <summary>Null where the folder holds no index.</summary>
    public LogIndex? Load(IndexCatalog catalog, Action<string> tell)
    {
        var file = Path.Combine(path, StateName);
        if (!File.Exists(file))
        {
            return null;
        }

        IndexState state;
        try
        {
            state = JsonSerializer.Deserialize(File.ReadAllBytes(file), DiskJson.Default.IndexState) ?? throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            tell($"{file} is damaged and was left alone: {e.Message}");
            return null;
        }

        if (state.Version > IndexState.CurrentVersion)
        {
            throw new StoreDamagedException($"{file} was written by a newer version (format {state.Version}, this program reads up to {IndexState.CurrentVersion}): run that version, or name another folder") { IsNewer = true };
        }

        var index = new LogIndex(state.Name) { Uuid = state.Uuid, NextSequence = state.NextSequence };
        if (state.Mapping.ValueKind == JsonValueKind.Object)
        {
            index.Mapping.Merge(state.Mapping);
        }

        foreach (var stored in state.Segments)
        {
            Load(index, stored, tell);
        }

        Tidy(state);
        catalog.Restore(index);
        foreach (var alias in state.Aliases)
        {
            catalog.AddAlias(alias.Name, new(state.Name, alias.Filter is { } filter ? QueryParser.Parse(filter) : null, alias.Filter));
        }

        return index;
    }

    private void Load(LogIndex index, StoredSegment stored, Action<string> tell)
    {
        var file = Path.Combine(path, stored.File);
        _next = Math.Max(_next, Number(stored.File) + 1);
        try
        {
            var segment = SegmentFile.Open(file, cache);
            if (stored.Deleted.Count > 0)
            {
                var deleted = new Bits(segment.Count);
                foreach (var doc in stored.Deleted)
                {
                    deleted.Set(doc);
                }

                segment.RestoreDeleted(deleted);
            }

            index.AddSegment(segment);
            _written[segment] = new(stored.File, stored.Bytes, segment);
        }
        catch (StoreDamagedException e) when (!e.IsNewer)
        {
            File.Move(file, file + ".torn", overwrite: true);
            tell($"{e.Message}; {stored.Count} documents are missing, the file was set aside as {Path.GetFileName(file)}.torn");
        }
        catch (FileNotFoundException)
        {
            tell($"{file} is gone; {stored.Count} documents are missing");
        }
    }

    private static int Number(string file) => int.TryParse(Path.GetFileNameWithoutExtension(file).AsSpan(4), System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>Removes what a crash left half done.</summary>
    private void Tidy(IndexState state)
    {
        var known = state.Segments.Select(static s => s.File).ToHashSet(StringComparer.Ordinal);
        foreach (var file in Directory.GetFiles(path))
        {
            var name = Path.GetFileName(file);
            if (name.EndsWith(".part", StringComparison.Ordinal) || (name.EndsWith(".seg", StringComparison.Ordinal) && !known.Contains(name)))
            {
                File.Delete(file);
            }
        }
    }

    public WrittenSegment Write(Segment segment)
    {
        Directory.CreateDirectory(path);
        var name = $"seg-{Interlocked.Increment(ref _next) - 1:D8}.seg";
        var file = Path.Combine(path, name);
        var bytes = SegmentFile.Write(file, segment);
        return new(name, bytes, SegmentFile.Open(file, cache));
    }

    /// <summary>Puts the segment on disk in the place of the one in memory. Deletions that came meanwhile go with it.</summary>
    public void Swap(LogIndex index, Segment memory, WrittenSegment stored)
    {
        if (!index.Segments.Contains(memory))
        {
            (stored.Segment.Disk as IDisposable)?.Dispose();
            File.Delete(Path.Combine(path, stored.File));
            return;
        }

        if (memory.Deleted is { } deleted)
        {
            var kept = new Bits(stored.Segment.Count);
            Array.Copy(deleted.Words, kept.Words, Math.Min(deleted.Words.Length, kept.Words.Length));
            stored.Segment.RestoreDeleted(kept);
        }

        Forget(memory);
        index.Replace(memory, stored.Segment);
        _written[stored.Segment] = stored;
    }

    /// <summary>Brings everything to the disk: what waits, the growing segment as it is, and index.json.</summary>
    public void Flush(LogIndex index, IndexCatalog catalog)
    {
        if (_savedVersion == index.Version)
        {
            return;
        }

        foreach (var segment in index.Segments.Where(s => s.Disk is null && s != index.Growing && s.Count > 0).ToList())
        {
            Swap(index, segment, Write(segment));
        }

        if (index.Growing is { Count: > 0 } growing && (_growing is not { } last || last.Segment != growing || last.Count != growing.Count))
        {
            growing.Align();
            var stored = Write(growing);
            (stored.Segment.Disk as IDisposable)?.Dispose();
            Forget(growing);
            _written[growing] = stored;
            _growing = (growing, growing.Count);
        }

        Save(index, catalog);
        _savedVersion = index.Version;
    }

    /// <summary>The file of an earlier state of the segment goes once index.json names the newer one.</summary>
    private void Forget(Segment segment)
    {
        if (_written.Remove(segment, out var old))
        {
            _gone.Add(old.File);
        }
    }

    public void Save(LogIndex index, IndexCatalog catalog)
    {
        Directory.CreateDirectory(path);
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            MappingJson.Write(json, index.Mapping);
        }

        using var mapping = JsonDocument.Parse(buffer.ToArray());
        var state = new IndexState
        {
            Version = IndexState.CurrentVersion,
            Name = index.Name,
            Uuid = index.Uuid,
            Mapping = mapping.RootElement,
            Aliases = [.. catalog.Aliases.SelectMany(a => a.Value.Where(t => t.Index == index.Name).Select(t => new StoredAlias(a.Key, t.FilterJson)))],
            NextSequence = index.NextSequence,
            Segments = [.. index.Segments.Where(_written.ContainsKey).Select(s => new StoredSegment(_written[s].File, s.Count, _written[s].Bytes, s.Times.First, s.Times.Last, s.Deleted?.ToDocs() ?? []))],
        };
        var part = Path.Combine(path, StateName + ".part");
        using (var file = new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            JsonSerializer.Serialize(file, state, DiskJson.Default.IndexState);
            file.Flush(flushToDisk: true);
        }

        File.Move(part, Path.Combine(path, StateName), overwrite: true);
        foreach (var name in _gone)
        {
            File.Delete(Path.Combine(path, name));
        }

        _gone.Clear();
    }

    /// <summary>Drops a segment and its file. Returns the bytes that came free.</summary>
    public long Remove(LogIndex index, Segment segment, IndexCatalog catalog)
    {
        var bytes = _written.TryGetValue(segment, out var stored) ? stored.Bytes : 0;
        index.RemoveSegment(segment);
        Forget(segment);
        Save(index, catalog);
        (segment.Disk as IDisposable)?.Dispose();
        return bytes;
    }

    public void Delete()
    {
        Dispose();
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }

    public void Dispose()
    {
        foreach (var segment in _written.Keys)
        {
            (segment.Disk as IDisposable)?.Dispose();
        }

        _written.Clear();
    }
}
