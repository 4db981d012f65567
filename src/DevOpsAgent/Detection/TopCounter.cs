namespace DevOpsAgent.Detection;

/// <summary>
/// The most frequent of many values in ten slots. A value's count is exact from the moment it has a slot, so never too
/// high; where more than ten compete, the rare ones lose their slots (Misra-Gries). Values are told apart by a key, so
/// that the text is needed only for a value that gets a slot.
/// </summary>
internal sealed class TopCounter
{
    private const int Slots = 10;
    private const int MaxLength = 200;

    private readonly List<Slot> _slots = new(2);

    public int Bytes { get; private set; } = 80;

    /// <summary>Counts a known key. False: <see cref="Add"/> it with its text, or pass it over with <see cref="Miss"/>.</summary>
    public bool TryCount(ulong key, int status = 0)
    {
        foreach (ref var slot in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_slots))
        {
            if (slot.Key == key)
            {
                slot.Count++;
                slot.Weight++;
                slot.Status = (short)status;
                return true;
            }
        }

        return false;
    }

    /// <summary>Makes all a little lighter for a value without a slot. True: one is free for it now.</summary>
    public bool Miss()
    {
        if (_slots.Count < Slots)
        {
            return true;
        }

        var free = false;
        foreach (ref var slot in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_slots))
        {
            slot.Weight--;
            free |= slot.Weight <= 0;
        }

        return free;
    }

    /// <summary>Gives a new value the free slot.</summary>
    public void Add(ulong key, ReadOnlySpan<byte> utf8, int status = 0)
    {
        var text = TextOf(utf8);
        var at = _slots.Count < Slots ? -1 : _slots.FindIndex(s => s.Weight <= 0);
        if (at < 0 && _slots.Count == Slots)
        {
            return;
        }

        Bytes += 64 + text.Length * 2;
        var slot = new Slot { Key = key, Text = text, Count = 1, Weight = 1, Status = (short)status };
        if (at < 0)
        {
            _slots.Add(slot);
        }
        else
        {
            Bytes -= 64 + _slots[at].Text.Length * 2;
            _slots[at] = slot;
        }
    }

    /// <summary>Text of hostile bytes, cut; invalid UTF-8 shows as U+FFFD.</summary>
    public static string TextOf(ReadOnlySpan<byte> utf8)
    {
        var text = System.Text.Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, MaxLength)]);
        return utf8.Length > MaxLength ? text + "…" : text;
    }

    public IEnumerable<TopItem> Items(bool withStatus = false) => _slots
        .OrderByDescending(i => i.Count).Select(i => new TopItem(i.Text, i.Count, withStatus ? i.Status : null));

    public void Write(BinaryWriter to)
    {
        to.Write((byte)_slots.Count);
        foreach (var slot in _slots)
        {
            to.Write(slot.Key);
            to.Write(slot.Text);
            to.Write(slot.Count);
            to.Write(slot.Weight);
            to.Write(slot.Status);
        }
    }

    public static TopCounter Read(BinaryReader from)
    {
        var top = new TopCounter();
        for (int i = 0, n = from.ReadByte(); i < n; i++)
        {
            var slot = new Slot { Key = from.ReadUInt64(), Text = from.ReadString(), Count = from.ReadInt64(), Weight = from.ReadInt64(), Status = from.ReadInt16() };
            top._slots.Add(slot);
            top.Bytes += 64 + slot.Text.Length * 2;
        }

        return top;
    }

    private struct Slot
    {
        public ulong Key;
        public string Text;
        public long Count;
        public long Weight;
        public short Status;
    }
}
