using System.Collections.Concurrent;
using DevOpsAgent.LogStore.Columns;
using DevOpsAgent.LogStore.Documents;

namespace DevOpsAgent.LogStore;

/// <summary>
/// A run of documents as columns. The newest segment of an index grows, the others are as they lie on disk and read a column
/// when it is first needed.
/// </summary>
internal sealed class Segment
{
    /// <summary>Documents in a full segment: enough that merging results is cheap, few enough that one is written in moments.</summary>
    public const int MaxDocs = 131_072;

    /// <summary>JSON text of a full segment, whichever comes first: a client can make every line 64 KiB long.</summary>
    public const long MaxText = 256L << 20;

    private readonly Dictionary<string, TextColumn> _texts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, NumberColumn> _numbers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, object> _derived = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, object> _lasting = new(StringComparer.Ordinal);

    public int Count { get; set; }

    /// <summary>Documents replaced or deleted since.</summary>
    public Bits? Deleted { get; private set; }

    public int LiveCount => Count - (Deleted?.Count() ?? 0);

    public List<SourceKey> Keys { get; } = [];

    public List<ShapeStep[]> Shapes { get; } = [];

    /// <summary>Per document the number of its shape.</summary>
    public int[] ShapeOf { get; set; } = [];

    /// <summary>First and last @timestamp, UTC milliseconds; first after last where there is none.</summary>
    public (long First, long Last) Times => Disk?.Times ?? ((long, long))Derived("times", static s => (object)s.FindTimes());

    /// <summary>Where columns come from that aren't in memory; null while the segment grows.</summary>
    public ISegmentColumns? Disk { get; init; }

    public IReadOnlyDictionary<string, TextColumn> Texts => _texts;

    public IReadOnlyDictionary<string, NumberColumn> Numbers => _numbers;

    public TextColumn? FindTexts(string name)
    {
        if (_texts.TryGetValue(name, out var column))
        {
            return column;
        }

        return Disk?.Texts(name);
    }

    public NumberColumn? FindNumbers(string name)
    {
        if (_numbers.TryGetValue(name, out var column))
        {
            return column;
        }

        return Disk?.Numbers(name);
    }

    public TextColumn AddTexts(string name)
    {
        if (!_texts.TryGetValue(name, out var column))
        {
            _texts[name] = column = new();
        }

        return column;
    }

    public NumberColumn AddNumbers(string name)
    {
        if (!_numbers.TryGetValue(name, out var column))
        {
            _numbers[name] = column = new();
        }

        return column;
    }

    /// <summary>Makes every column as long as the segment, so that readers need no bounds of their own.</summary>
    public void Align()
    {
        foreach (var column in _texts.Values)
        {
            column.Align(Count);
        }

        foreach (var column in _numbers.Values)
        {
            column.Align(Count);
        }
    }

    private (long First, long Last) FindTimes()
    {
        var (first, last) = (long.MaxValue, long.MinValue);
        if (FindNumbers("@timestamp") is { } times)
        {
            for (var doc = 0; doc < Count; doc++)
            {
                if (times.Has(doc))
                {
                    first = Math.Min(first, times.Values[doc]);
                    last = Math.Max(last, times.Values[doc]);
                }
            }
        }

        return (first, last);
    }

    public void Delete(int doc)
    {
        if (Deleted is null || Deleted.Length < Count)
        {
            var grown = new Bits(Math.Max(Count, Disk is null ? MaxDocs : Count));
            Deleted?.Words.CopyTo(grown.Words, 0);
            Deleted = grown;
        }

        Deleted.Set(doc);
        _derived.Clear();
    }

    public void RestoreDeleted(Bits deleted) => Deleted = deleted;

    /// <summary>All documents that are there, as a set of its own.</summary>
    public Bits Live()
    {
        var live = Bits.Full(Count);
        if (Deleted is { } deleted)
        {
            for (var i = 0; i < live.Words.Length && i < deleted.Words.Length; i++)
            {
                live.Words[i] &= ~deleted.Words[i];
            }
        }

        return live;
    }

    /// <summary>The numbers of all documents, for searches that mean every one.</summary>
    public int[] Everything() => Derived("all", static s => Enumerable.Range(0, s.Count).ToArray());

    /// <summary>Something computed from the columns and kept beside them: it goes when the segment changes.</summary>
    public T Derived<T>(string name, Func<Segment, T> make)
        where T : class =>
        (T)_derived.GetOrAdd(name, static (_, state) => state.make(state.segment), (make, segment: this));

    /// <summary>Something that takes in what the segment gains and so is kept when it changes.</summary>
    public T Lasting<T>(string name, Func<T> make)
        where T : class =>
        (T)_lasting.GetOrAdd(name, static (_, m) => m(), make);

    public void Changed() => _derived.Clear();
}

/// <summary>The columns of a segment on disk, by name; null where the segment has none.</summary>
internal interface ISegmentColumns
{
    TextColumn? Texts(string name);

    NumberColumn? Numbers(string name);

    (long First, long Last) Times { get; }
}
