namespace DevOpsAgent.Detection;

/// <summary>
/// The most frequent of many values in ten slots. A value's count is exact from the moment it has a slot, so never too
/// high; where more than ten compete, the rare ones lose their slots (Misra-Gries). Values are told apart by a key, so
/// that the text is needed only for a value that gets a slot. A value itself, empty as default: each client has many.
/// </summary>
internal struct TopCounter
{
    private const int Slots = 10;

    private Slot[]? _slots;
    private int _count;
    private int _textBytes;

    /// <summary>Estimate.</summary>
    public readonly int Bytes => 80 + _textBytes;

    private readonly Span<Slot> Used => _slots.AsSpan(0, _count);

    /// <summary>Counts a known key. False: <see cref="Add"/> it with its text, or pass it over with <see cref="Miss"/>.</summary>
    public readonly bool TryCount(ulong key, int status = 0)
    {
        foreach (ref var slot in Used)
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
    public readonly bool Miss()
    {
        if (_count < Slots)
        {
            return true;
        }

        var free = false;
        foreach (ref var slot in Used)
        {
            slot.Weight--;
            free |= slot.Weight <= 0;
        }

        return free;
    }

    /// <summary>Gives a new value the free slot.</summary>
    public void Add(ulong key, string text, int status = 0)
    {
        var at = _count;
        if (_count == Slots)
        {
            for (at = 0; at < Slots && _slots![at].Weight > 0; at++)
            {
            }

            if (at == Slots)
            {
                return;
            }

            _textBytes -= 64 + _slots![at].Text.Length * 2;
        }
        else
        {
            if (_slots is null || _count == _slots.Length)
            {
                Array.Resize(ref _slots, _count == 0 ? 1 : _count == 1 ? 4 : Slots);
            }

            _count++;
        }

        _textBytes += 64 + text.Length * 2;
        _slots[at] = new() { Key = key, Text = text, Count = 1, Weight = 1, Status = (short)status };
    }

    /// <summary>Most frequent first; of equal ones the older first.</summary>
    public readonly TopItem[] Items(bool withStatus = false)
    {
        Span<byte> order = stackalloc byte[Slots];
        var used = Used;
        for (var i = 0; i < used.Length; i++)
        {
            var at = i;
            for (; at > 0 && used[order[at - 1]].Count < used[i].Count; at--)
            {
                order[at] = order[at - 1];
            }

            order[at] = (byte)i;
        }

        var items = new TopItem[used.Length];
        for (var i = 0; i < items.Length; i++)
        {
            ref var slot = ref used[order[i]];
            items[i] = new(slot.Text, slot.Count, withStatus ? slot.Status : null);
        }

        return items;
    }

    public readonly void Write(BinaryWriter to)
    {
        to.Write((byte)_count);
        foreach (ref var slot in Used)
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
        var top = new TopCounter { _count = from.ReadByte() };
        if (top._count > Slots)
        {
            throw new InvalidDataException("More values than are kept.");
        }

        top._slots = new Slot[top._count];
        for (var i = 0; i < top._count; i++)
        {
            var slot = new Slot { Key = from.ReadUInt64(), Text = from.ReadString(), Count = from.ReadInt64(), Weight = from.ReadInt64(), Status = from.ReadInt16() };
            top._slots[i] = slot;
            top._textBytes += 64 + slot.Text.Length * 2;
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
