namespace DevOpsAgent.LogStore.Columns;

/// <summary>Distinct texts in order of first appearance: a text's number is its ordinal.</summary>
internal sealed class TextDictionary
{
    private byte[] _heap;
    private int[] _ends;
    private int[]? _table;

    public TextDictionary()
    {
        _heap = new byte[256];
        _ends = new int[8];
    }

    /// <summary>From a file: all texts one behind the other, and where each ends.</summary>
    public TextDictionary(byte[] heap, int[] ends, int count)
    {
        _heap = heap;
        _ends = ends;
        Count = count;
    }

    public int Count { get; private set; }

    public int HeapLength => Count == 0 ? 0 : _ends[Count - 1];

    public ReadOnlySpan<byte> Heap => _heap.AsSpan(0, HeapLength);

    public ReadOnlySpan<int> Ends => _ends.AsSpan(0, Count);

    public long Bytes => _heap.Length + (4L * _ends.Length) + (4L * (_table?.Length ?? 0));

    public ReadOnlySpan<byte> this[int ordinal]
    {
        get
        {
            var start = ordinal == 0 ? 0 : _ends[ordinal - 1];
            return _heap.AsSpan(start, _ends[ordinal] - start);
        }
    }

    public string Text(int ordinal) => System.Text.Encoding.UTF8.GetString(this[ordinal]);

    /// <summary>-1 where the text isn't there.</summary>
    public int Find(ReadOnlySpan<byte> text)
    {
        var table = Table();
        for (var slot = Hash(text) & (table.Length - 1); table[slot] != 0; slot = (slot + 1) & (table.Length - 1))
        {
            if (this[table[slot] - 1].SequenceEqual(text))
            {
                return table[slot] - 1;
            }
        }

        return -1;
    }

    public int Add(ReadOnlySpan<byte> text)
    {
        var table = Table();
        var slot = Hash(text) & (table.Length - 1);
        for (; table[slot] != 0; slot = (slot + 1) & (table.Length - 1))
        {
            if (this[table[slot] - 1].SequenceEqual(text))
            {
                return table[slot] - 1;
            }
        }

        var start = HeapLength;
        if (start + text.Length > _heap.Length)
        {
            Array.Resize(ref _heap, Math.Max(_heap.Length * 2, start + text.Length));
        }

        if (Count == _ends.Length)
        {
            Array.Resize(ref _ends, _ends.Length * 2);
        }

        text.CopyTo(_heap.AsSpan(start));
        _ends[Count] = start + text.Length;
        table[slot] = ++Count;
        if (Count * 2 > table.Length)
        {
            _table = null;
        }

        return Count - 1;
    }

    private static int Hash(ReadOnlySpan<byte> text) => TextHash.Of(text);

    /// <summary>Open addressing, at most half full. Built when first asked: most dictionaries from files are only read by ordinal.</summary>
    private int[] Table()
    {
        if (_table is { } known)
        {
            return known;
        }

        var size = 16;
        while (size < (Count + 1) * 4)
        {
            size *= 2;
        }

        var table = new int[size];
        for (var i = 0; i < Count; i++)
        {
            var slot = Hash(this[i]) & (size - 1);
            while (table[slot] != 0)
            {
                slot = (slot + 1) & (size - 1);
            }

            table[slot] = i + 1;
        }

        _table = table;
        return table;
    }
}
