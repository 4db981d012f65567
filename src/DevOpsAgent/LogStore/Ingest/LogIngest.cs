using System.Text.Json;
using DevOpsAgent.Logs;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Disk;

namespace DevOpsAgent.LogStore.Ingest;

/// <summary>Takes access-log lines into one index per day. Lines that are no requests are counted, never an error.</summary>
internal sealed class LogIngest
{
    /// <summary>Lines per hold of the lock: searches wait no longer than a few milliseconds.</summary>
    private const int LinesPerHold = 4096;

    /// <summary>What Traefik's fields are, before the first value decides: GzipRatio often starts with 0 and is a fraction.</summary>
    private static readonly byte[] Mapping = """
        {"properties":{"@timestamp":{"type":"date"},"source":{"properties":{"ip":{"type":"ip"}}},"StartUTC":{"type":"date"},"StartLocal":{"type":"date"},"time":{"type":"date"},
        "GzipRatio":{"type":"float"},"DownstreamStatus":{"type":"long"},"OriginStatus":{"type":"long"},"Duration":{"type":"long"},"OriginDuration":{"type":"long"},"Overhead":{"type":"long"},
        "RequestCount":{"type":"long"},"RetryAttempts":{"type":"long"},"DownstreamContentSize":{"type":"long"},"OriginContentSize":{"type":"long"},"RequestContentSize":{"type":"long"}}}
        """u8.ToArray();

    private readonly IndexCatalog _catalog;
    private readonly LogStoreDirectory? _directory;
    private readonly string _prefix;
    private readonly LineParser _parser;
    private readonly LogDocument _document = new();
    private readonly HashSet<LogIndex> _touched = [];
    private readonly LogBatch _batch = new();
    private long _dayStart = long.MinValue;
    private LogIndex? _day;

    /// <param name="directory">The store on disk that the catalog belongs to; null: memory only.</param>
    /// <param name="prefix">Indexes are named prefix-yyyy.MM.dd.</param>
    public LogIngest(IndexCatalog catalog, LogStoreDirectory? directory, string prefix, ClientResolver resolver)
    {
        _catalog = catalog;
        _directory = directory;
        _prefix = prefix;
        _parser = new(resolver);
    }

    public long Lines { get; private set; }

    public long Documents { get; private set; }

    /// <summary>Lines that are no requests, or that no document could be made of.</summary>
    public long Skipped { get; private set; }

    /// <summary>Whole lines, each ended by a line feed (the last may lack it).</summary>
    /// <exception cref="DslException">The store takes nothing more: its disk is full.</exception>
    public void Add(ReadOnlySpan<byte> lines)
    {
        while (!lines.IsEmpty)
        {
            _batch.Clear();
            lines = Prepare(lines, _batch);
            Keep(_batch);
        }
    }

    /// <summary>Makes documents of lines, until the batch is full; returns the lines that are left. One thread at a time.</summary>
    public ReadOnlySpan<byte> Prepare(ReadOnlySpan<byte> lines, LogBatch batch)
    {
        for (; batch.Lines < LinesPerHold && !lines.IsEmpty; batch.Lines++)
        {
            var end = lines.IndexOf((byte)'\n');
            var line = end < 0 ? lines : lines[..end];
            lines = end < 0 ? default : lines[(end + 1)..];
            if (!line.IsEmpty && line[^1] == '\r')
            {
                line = line[..^1];
            }

            if (_parser.TryParse(line, out var e, out _))
            {
                batch.Add(_document.Of(e, line), e.Time);
            }
            else
            {
                batch.Skipped++;
            }
        }

        return lines;
    }

    /// <summary>Keeps what was prepared. One thread at a time, which may be another than the preparing one.</summary>
    /// <exception cref="DslException">The store takes nothing more: its disk is full.</exception>
    public void Keep(LogBatch batch)
    {
        Lines += batch.Lines;
        Skipped += batch.Skipped;
        _directory?.WaitForRoom();
        _catalog.Lock.EnterWriteLock();
        try
        {
            for (var i = 0; i < batch.Count; i++)
            {
                Keep(batch[i], batch.TicksOf(i));
            }
        }
        finally
        {
            foreach (var index in _touched)
            {
                index.Refresh();
            }

            _touched.Clear();
            _catalog.Lock.ExitWriteLock();
        }
    }

    private void Keep(ReadOnlySpan<byte> document, long ticks)
    {
        var index = IndexOf(ticks);
        try
        {
            index.Append(document, null);
            _touched.Add(index);
            Documents++;
        }
        catch (DslException x) when (x.Status != 429)
        {
            // A value that its field can't take, such as text where numbers were before.
            Skipped++;
        }
    }

    private LogIndex IndexOf(long ticks)
    {
        if (_day is { } known && ticks >= _dayStart && ticks - _dayStart < TimeSpan.TicksPerDay && _catalog.Indexes.ContainsKey(known.Name))
        {
            return known;
        }

        var day = new DateTime(ticks - (ticks % TimeSpan.TicksPerDay), DateTimeKind.Utc);
        var name = $"{_prefix}-{day.ToString("yyyy.MM.dd", System.Globalization.CultureInfo.InvariantCulture)}";
        if (!_catalog.Indexes.TryGetValue(name, out var index))
        {
            index = _catalog.Create(name);
            using var mapping = JsonDocument.Parse(Mapping);
            index.Mapping.Merge(mapping.RootElement);
        }

        // Invented header names must not make lines disappear.
        index.Mapping.KeepsBeyondLimit = true;
        (_day, _dayStart) = (index, day.Ticks);
        return index;
    }
}
