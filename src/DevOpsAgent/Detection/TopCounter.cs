namespace DevOpsAgent.Detection;

/// <summary>The most frequent of many values in ten slots (space-saving: a new value takes the rarest slot and its count).</summary>
internal sealed class TopCounter
{
    private const int Slots = 10;
    private const int MaxLength = 200;

    private readonly List<(string Value, long Count, int Status)> _items = new(2);

    public int Bytes { get; private set; } = 80;

    public void Add(string value, int status = 0)
    {
        for (var i = 0; i < _items.Count; i++)
        {
            if (_items[i].Value == value)
            {
                _items[i] = (value, _items[i].Count + 1, status);
                return;
            }
        }

        Bytes += 40 + value.Length * 2;
        if (_items.Count < Slots)
        {
            _items.Add((value, 1, status));
            return;
        }

        var rarest = 0;
        for (var i = 1; i < _items.Count; i++)
        {
            rarest = _items[i].Count < _items[rarest].Count ? i : rarest;
        }

        Bytes -= 40 + _items[rarest].Value.Length * 2;
        _items[rarest] = (value, _items[rarest].Count + 1, status);
    }

    /// <summary>Text of hostile bytes, cut; invalid UTF-8 shows as U+FFFD.</summary>
    public static string TextOf(ReadOnlySpan<byte> utf8)
    {
        var text = System.Text.Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, MaxLength)]);
        return utf8.Length > MaxLength ? text + "…" : text;
    }

    public IEnumerable<TopItem> Items(bool withStatus = false) => _items
        .OrderByDescending(i => i.Count).Select(i => new TopItem(i.Value, i.Count, withStatus ? i.Status : null));

    public void Write(BinaryWriter to)
    {
        to.Write((byte)_items.Count);
        foreach (var (value, count, status) in _items)
        {
            to.Write(value);
            to.Write(count);
            to.Write((short)status);
        }
    }

    public static TopCounter Read(BinaryReader from)
    {
        var top = new TopCounter();
        for (int i = 0, n = from.ReadByte(); i < n; i++)
        {
            var value = from.ReadString();
            top._items.Add((value, from.ReadInt64(), from.ReadInt16()));
            top.Bytes += 40 + value.Length * 2;
        }

        return top;
    }
}
