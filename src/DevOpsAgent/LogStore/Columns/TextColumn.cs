namespace DevOpsAgent.LogStore.Columns;

/// <summary>Texts of one source path: per document the ordinal of its first text plus one, 0 for none; further ones aside.</summary>
internal sealed class TextColumn
{
    private int[] _ordinals;
    private int _last = -1;

    public TextColumn()
        : this(new(), [], new())
    {
    }

    public TextColumn(TextDictionary dictionary, int[] ordinals, ExtraValues extras)
    {
        Dictionary = dictionary;
        _ordinals = ordinals;
        Extras = extras;
    }

    public TextDictionary Dictionary { get; }

    /// <summary>At least as long as the segment after <see cref="Align"/>.</summary>
    public int[] Ordinals => _ordinals;

    /// <summary>Ordinals of second and later values, by document.</summary>
    public ExtraValues Extras { get; }

    public long Bytes => Dictionary.Bytes + (4L * _ordinals.Length) + Extras.Bytes;

    public void Add(int doc, ReadOnlySpan<byte> text)
    {
        if (doc >= _ordinals.Length)
        {
            Array.Resize(ref _ordinals, Math.Max(64, Math.Max(doc + 1, _ordinals.Length * 2)));
        }

        // Most columns of a log hold the same value line after line: looking at the last one is cheaper than hashing.
        var ordinal = _last >= 0 && Dictionary[_last].SequenceEqual(text) ? _last : _last = Dictionary.Add(text);
        if (_ordinals[doc] == 0)
        {
            _ordinals[doc] = ordinal + 1;
        }
        else
        {
            Extras.Add(doc, ordinal);
        }
    }

    public void Align(int count)
    {
        if (_ordinals.Length < count)
        {
            Array.Resize(ref _ordinals, count);
        }
    }
}
