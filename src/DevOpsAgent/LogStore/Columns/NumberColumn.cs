namespace DevOpsAgent.LogStore.Columns;

/// <summary>Numbers of one source path as 64 bits that sort like the numbers: whole numbers as they are, fractions by <see cref="SortableDouble"/>.</summary>
internal sealed class NumberColumn
{
    private long[] _values;
    private ulong[] _present;

    public NumberColumn()
        : this([], [], new())
    {
    }

    public NumberColumn(long[] values, ulong[] present, ExtraValues extras)
    {
        _values = values;
        _present = present;
        Extras = extras;
    }

    public long[] Values => _values;

    /// <summary>One bit per document that has a value.</summary>
    public ulong[] Present => _present;

    public ExtraValues Extras { get; }

    public long Bytes => (8L * _values.Length) + (8L * _present.Length) + Extras.Bytes;

    public bool Has(int doc) => (_present[doc >> 6] >> doc & 1) != 0;

    public void Add(int doc, long value)
    {
        if (doc >= _values.Length)
        {
            Align(Math.Max(64, Math.Max(doc + 1, _values.Length * 2)));
        }

        if (Has(doc))
        {
            Extras.Add(doc, value);
            return;
        }

        _values[doc] = value;
        _present[doc >> 6] |= 1UL << doc;
    }

    public void Align(int count)
    {
        if (_values.Length < count)
        {
            Array.Resize(ref _values, count);
        }

        if (_present.Length < (count + 63) >> 6)
        {
            Array.Resize(ref _present, (count + 63) >> 6);
        }
    }
}
