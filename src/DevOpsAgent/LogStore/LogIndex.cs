using System.Text;
using DevOpsAgent.LogStore.Documents;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore;

/// <summary>A named set of documents with one mapping. Writers and readers are kept apart by the catalog's lock.</summary>
internal sealed class LogIndex
{
    private const int MaxCached = 8;
    private readonly List<Segment> _segments = [];
    private readonly Dictionary<string, object> _cache = new(StringComparer.Ordinal);
    private long _cacheVersion = -1;
    private Segment? _growing;
    private DocumentWriter? _writer;

    public LogIndex(string name) => Name = name;

    public string Name { get; }

    public IndexMapping Mapping { get; } = new();

    /// <summary>Random, as Elasticsearch's index UUIDs.</summary>
    public string Uuid { get; init; } = Convert.ToBase64String(Guid.NewGuid().ToByteArray()).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    public IReadOnlyList<Segment> Segments => _segments;

    public long NextSequence { get; set; }

    /// <summary>Changes with every write: what was computed over all segments holds while it stays.</summary>
    public long Version { get; private set; }

    public int Count => _segments.Sum(static s => s.LiveCount);

    /// <summary>The segment that takes the next document; null before the first.</summary>
    public Segment? Growing => _growing;

    /// <summary>Told of each segment that takes no more documents.</summary>
    public Action<Segment>? Sealed { get; set; }

    public void AddSegment(Segment segment)
    {
        _segments.Add(segment);
        Version++;
    }

    public void Replace(Segment old, Segment with)
    {
        _segments[_segments.IndexOf(old)] = with;
        if (_growing == old)
        {
            _growing = null;
            _writer = null;
        }
    }

    public void RemoveSegment(Segment segment)
    {
        _segments.Remove(segment);
        Version++;
    }

    /// <summary>The growing segment takes no more documents.</summary>
    public void Seal()
    {
        if (_growing is { Count: > 0 } full)
        {
            full.Align();
            full.Changed();
            Sealed?.Invoke(full);
        }

        _growing = null;
        _writer = null;
    }

    /// <summary>A new document; its id must not be there.</summary>
    public DocumentPlace Append(ReadOnlySpan<byte> json, string? id, long version = 1)
    {
        if (_growing is null || _growing.Count >= Segment.MaxDocs || _writer!.TextBytes >= Segment.MaxText)
        {
            Seal();
            _growing = new();
            _writer = new(Mapping, _growing);
            _segments.Add(_growing);
        }

        var doc = _writer!.Add(json, id, NextSequence, version);
        NextSequence++;
        return new(_growing, doc);
    }

    /// <summary>After a batch of writes: makes the columns readable and forgets what was computed before.</summary>
    public void Refresh()
    {
        if (_growing is { } growing)
        {
            growing.Align();
            growing.Changed();
        }

        Version++;
    }

    /// <summary>Something computed over all segments, made anew after a write; a few at a time.</summary>
    public T Cached<T>(string name, Func<T> make)
        where T : class
    {
        lock (_cache)
        {
            if (_cacheVersion != Version)
            {
                _cache.Clear();
                _cacheVersion = Version;
            }

            if (_cache.TryGetValue(name, out var known))
            {
                return (T)known;
            }

            if (_cache.Count >= MaxCached)
            {
                _cache.Clear();
            }

            var made = make();
            _cache[name] = made;
            return made;
        }
    }

    public DocumentPlace? Find(string id) => FindNamed(id) ?? FindNumbered(id);

    private DocumentPlace? FindNumbered(string id)
    {
        if (!DocumentPlace.TrySequence(id, out var sequence))
        {
            return null;
        }

        foreach (var segment in _segments)
        {
            var doc = segment.FindNumbers(HiddenColumn.Sequence) is { } column ? Array.BinarySearch(column.Values, 0, segment.Count, sequence) : -1;
            if (doc >= 0 && (segment.Deleted is not { } deleted || doc >= deleted.Length || !deleted[doc]) && new DocumentPlace(segment, doc).Id == id)
            {
                return new(segment, doc);
            }
        }

        return null;
    }

    private DocumentPlace? FindNamed(string id)
    {
        var utf8 = Encoding.UTF8.GetBytes(id);
        for (var i = _segments.Count - 1; i >= 0; i--)
        {
            var segment = _segments[i];
            var ids = segment.FindTexts(HiddenColumn.Ids);
            var ordinal = ids is null ? -1 : ids.Dictionary.Find(utf8);
            if (ordinal < 0)
            {
                continue;
            }

            // Nearly always the id is its document's number: ids come once, in order.
            var ordinals = ids!.Ordinals.AsSpan(0, segment.Count);
            for (var doc = ordinals.LastIndexOf(ordinal + 1); doc >= 0; doc = ordinals[..doc].LastIndexOf(ordinal + 1))
            {
                if (segment.Deleted is not { } deleted || doc >= deleted.Length || !deleted[doc])
                {
                    return new(segment, doc);
                }
            }
        }

        return null;
    }

    public void Delete(DocumentPlace place)
    {
        place.Segment.Delete(place.Doc);
        NextSequence++;
    }

    /// <summary>Replaces a document: the old one is marked, the new one stands at the end.</summary>
    public DocumentPlace Update(DocumentPlace old, ReadOnlySpan<byte> json, string id)
    {
        var version = old.Version + 1;
        var place = Append(json, id, version);
        old.Segment.Delete(old.Doc);
        return place;
    }
}

/// <summary>Where a document lies.</summary>
internal readonly record struct DocumentPlace(Segment Segment, int Doc)
{
    private const string Numbered = "log-";

    /// <summary>As given, or made of the sequence: a log line has no id of its own.</summary>
    public string Id => Segment.FindTexts(HiddenColumn.Ids) is { } ids && ids.Ordinals[Doc] is > 0 and var ordinal ? ids.Dictionary.Text(ordinal - 1) : Numbered + Sequence.ToString(System.Globalization.CultureInfo.InvariantCulture);

    public static bool TrySequence(string id, out long sequence)
    {
        sequence = -1;
        return id.StartsWith(Numbered, StringComparison.Ordinal) && long.TryParse(id.AsSpan(Numbered.Length), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out sequence);
    }

    public long Sequence => Segment.FindNumbers(HiddenColumn.Sequence)!.Values[Doc];

    public long Version => Segment.FindNumbers(HiddenColumn.Version)!.Values[Doc];
}
