namespace DevOpsAgent.LogStore.Columns;

/// <summary>Second and later values of the few documents that have an array in a column.</summary>
internal sealed class ExtraValues
{
    private readonly List<int> _docs = [];
    private readonly List<long> _values = [];

    public int Count => _docs.Count;

    public bool IsEmpty => _docs.Count == 0;

    public IReadOnlyList<int> Docs => _docs;

    public IReadOnlyList<long> Values => _values;

    public long Bytes => 12L * _docs.Count;

    /// <summary>Documents come in order.</summary>
    public void Add(int doc, long value)
    {
        _docs.Add(doc);
        _values.Add(value);
    }

    /// <summary>Where the document's values lie in <see cref="Values"/>.</summary>
    public (int Start, int End) Of(int doc)
    {
        if (_docs.Count == 0)
        {
            return default;
        }

        var start = _docs.BinarySearch(doc);
        if (start < 0)
        {
            return default;
        }

        var end = start + 1;
        while (start > 0 && _docs[start - 1] == doc)
        {
            start--;
        }

        while (end < _docs.Count && _docs[end] == doc)
        {
            end++;
        }

        return (start, end);
    }
}
