using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Search;

/// <summary>One document of an answer.</summary>
internal sealed record Hit(IndexView View, int ViewOrder, int Segment, int Doc, float Score, SortValue[] Sort)
{
    public Segment Source => View.Segments[Segment];
}

/// <summary>Keeps the best documents in the order of the sort; equal ones in the order of their indexes and of arrival.</summary>
internal sealed class HitCollector
{
    private readonly SearchRequest _request;
    private readonly SortField[] _sort;
    private readonly Dictionary<IndexView, (int Order, SortColumn[] Columns)> _views = [];
    private readonly IReadOnlyDictionary<IndexView, Weight> _queries;
    private readonly PriorityQueue<Hit, Hit> _worst;
    private readonly int _most;
    private readonly SortValue[]? _after;

    public HitCollector(IReadOnlyList<IndexView> views, SearchRequest request, long now, IReadOnlyDictionary<IndexView, Weight> queries, int? most = null)
    {
        _request = request;
        _queries = queries;
        _sort = request.Sort.Count == 0 ? [new SortField("_score", true)] : [.. request.Sort];
        for (var i = 0; i < views.Count; i++)
        {
            _views[views[i]] = (i, [.. _sort.Select(s => new SortColumn(views[i], s, now))]);
        }

        _most = most ?? request.From + request.Size;
        NeedsScores = _sort.Any(static s => s.IsScore) || request.TrackScores;
        _worst = new(Comparer<Hit>.Create((a, b) => Compare(b, a)));
        if (request.SearchAfter is { } after)
        {
            _after = After(after, views, now);
        }
    }

    public bool NeedsScores { get; }

    public bool IsSorted => _request.Sort.Count > 0;

    public float MaxScore { get; private set; } = float.NaN;

    public SortField[] Sort => _sort;

    public SortColumn[] ColumnsOf(IndexView view) => _views[view].Columns;

    private SortValue[] After(IReadOnlyList<Literal> after, IReadOnlyList<IndexView> views, long now)
    {
        if (_request.Sort.Count == 0)
        {
            throw DslException.Shard("illegal_argument_exception", "Sort must contain at least one field.");
        }

        if (after.Count != _sort.Length)
        {
            throw DslException.Shard("illegal_argument_exception", $"search_after has {after.Count} value(s) but sort has {_sort.Length}.");
        }

        return views.Count == 0 ? [] : [.. after.Select((v, i) => _views[views[0]].Columns[i].After(v, now))];
    }

    public void Collect(IndexView view, int segment, ReadOnlySpan<int> docs)
    {
        var (order, columns) = _views[view];
        var query = _queries[view];
        if (_most == 0 && !NeedsScores)
        {
            return;
        }

        var first = columns[0];
        var plain = _sort[0] is { IsScore: false, IsDoc: false } && first.Type is var type && !Mapping.FieldTypes.IsText(type) ? first.Plain(segment) : null;
        var descending = _sort[0].Descending;
        foreach (var doc in docs)
        {
            if (plain is not null && _worst.Count >= _most && _most > 0 && _after is null && !NeedsScores)
            {
                // Most documents can't get in by their first value alone.
                var value = plain.Has(doc) ? plain.Values[doc] : first.Missing;
                var bound = _worst.Peek().Sort[0].Number;
                if (descending ? value < bound : value > bound)
                {
                    continue;
                }
            }

            var score = NeedsScores ? query.Score(segment, doc) : 0f;
            if (NeedsScores && !(MaxScore >= score))
            {
                MaxScore = score;
            }

            if (_most == 0)
            {
                continue;
            }

            if (_sort.Length == 1 && _sort[0].IsScore && _worst.Count >= _most && _after is null && descending && score < _worst.Peek().Score)
            {
                continue;
            }

            Offer(view, order, segment, doc, score, columns);
        }
    }

    private void Offer(IndexView view, int order, int segment, int doc, float score, SortColumn[] columns)
    {
        var values = new SortValue[_sort.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = columns[i].Value(segment, doc, score);
        }

        var hit = new Hit(view, order, segment, doc, score, values);
        if (_after is not null && CompareValues(hit.Sort, _after) <= 0)
        {
            return;
        }

        if (_worst.Count < _most)
        {
            _worst.Enqueue(hit, hit);
        }
        else if (Compare(hit, _worst.Peek()) < 0)
        {
            _worst.DequeueEnqueue(hit, hit);
        }
    }

    /// <summary>The page that was asked for.</summary>
    public List<Hit> Finish()
    {
        var hits = All();
        return hits.Count <= _request.From ? [] : hits[_request.From..Math.Min(hits.Count, _request.From + _request.Size)];
    }

    public List<Hit> All()
    {
        var hits = new List<Hit>(_worst.Count);
        while (_worst.TryDequeue(out var hit, out _))
        {
            hits.Add(hit);
        }

        hits.Reverse();
        return hits;
    }

    private int Compare(Hit a, Hit b)
    {
        var result = CompareValues(a.Sort, b.Sort);
        return result != 0 ? result
            : a.ViewOrder != b.ViewOrder ? a.ViewOrder.CompareTo(b.ViewOrder)
            : a.Segment != b.Segment ? a.Segment.CompareTo(b.Segment)
            : a.Doc.CompareTo(b.Doc);
    }

    private int CompareValues(SortValue[] a, SortValue[] b)
    {
        for (var i = 0; i < _sort.Length; i++)
        {
            var result = Compare(_sort[i], a[i], b[i]);
            if (result != 0)
            {
                return result;
            }
        }

        return 0;
    }

    private static int Compare(SortField sort, SortValue a, SortValue b)
    {
        if (a.IsMissing || b.IsMissing)
        {
            return a.IsMissing == b.IsMissing ? 0 : a.IsMissing == sort.MissingFirst ? -1 : 1;
        }

        var result = a.Bytes is not null && b.Bytes is not null ? a.Bytes.AsSpan().SequenceCompareTo(b.Bytes) : a.Number.CompareTo(b.Number);
        return sort.Descending ? -result : result;
    }
}
