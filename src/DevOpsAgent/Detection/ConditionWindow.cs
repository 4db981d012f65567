namespace DevOpsAgent.Detection;

/// <summary>
/// What one client counted for one condition: the newest so many distinct keys (paths, agents, ...) with the time of
/// their last event, as many as the condition asks for. That is enough to know exactly whether it holds: it does when
/// all of them lie within the window. Times may be out of order; a time further ahead than a whole window is taken for
/// a clock that jumped, and is dropped as soon as an ordinary one comes.
/// </summary>
internal sealed class ConditionWindow(int condition)
{
    /// <summary>Bytes of an empty window with its two arrays' headers.</summary>
    public const int BaseBytes = 112;

    private ulong[] _keys = [];
    private long[] _times = [];
    private float _weight;
    private long _weightAt;

    public int Condition { get; } = condition;

    public int Count { get; private set; }

    public int Bytes => BaseBytes + (_keys.Length + _times.Length) * 8;

    /// <summary>Notes a key at a time. Not distinct: each event is its own key. True: the window takes more memory now.</summary>
    public bool Add(ulong key, long time, CompiledCondition condition)
    {
        DropFuture(time + condition.WithinTicks);
        if (condition.Kind is not (CountKind.Events or CountKind.RatePerMinute))
        {
            var known = _keys.AsSpan(0, Count).IndexOf(key);
            if (known >= 0)
            {
                _times[known] = Math.Max(_times[known], time);
                return false;
            }
        }

        var grown = false;
        var at = Count;
        if (Count == condition.Capacity)
        {
            at = Oldest();
            if (_times[at] > time)
            {
                return false;
            }
        }
        else
        {
            if (Count == _keys.Length)
            {
                var size = Math.Min(condition.Capacity, Math.Max(2, Count * 2));
                Array.Resize(ref _keys, size);
                Array.Resize(ref _times, size);
                grown = true;
            }

            Count++;
        }

        _keys[at] = key;
        _times[at] = time;
        return grown;
    }

    /// <summary>How many keys lie in the window that ends at this time.</summary>
    public int CountAt(long time, long within)
    {
        var count = 0;
        foreach (var t in _times.AsSpan(0, Count))
        {
            count += t >= time - within && t <= time + within ? 1 : 0;
        }

        return count;
    }

    /// <summary>For ratios: adds one event to the decaying sum.</summary>
    public void AddWeight(long time, long within)
    {
        _weight = WeightAt(time, within) + 1;
        _weightAt = Math.Max(_weightAt, time);
    }

    public float WeightAt(long time, long within) => Decay.Apply(_weight, _weightAt, time, within);

    public void Write(BinaryWriter to)
    {
        to.Write((ushort)Condition);
        to.Write(_weight);
        to.Write(_weightAt);
        to.Write((ushort)Count);
        for (var i = 0; i < Count; i++)
        {
            to.Write(_keys[i]);
            to.Write(_times[i]);
        }
    }

    public static ConditionWindow Read(BinaryReader from, CompiledCondition[] conditions)
    {
        var window = new ConditionWindow(from.ReadUInt16());
        var capacity = conditions[window.Condition].Capacity;
        window._weight = from.ReadSingle();
        window._weightAt = from.ReadInt64();
        var count = from.ReadUInt16();
        if (count > capacity)
        {
            throw new InvalidDataException("More entries than the condition keeps.");
        }

        window._keys = new ulong[count];
        window._times = new long[count];
        window.Count = count;
        for (var i = 0; i < count; i++)
        {
            window._keys[i] = from.ReadUInt64();
            window._times[i] = from.ReadInt64();
        }

        return window;
    }

    private int Oldest()
    {
        var oldest = 0;
        for (var i = 1; i < Count; i++)
        {
            if (_times[i] < _times[oldest])
            {
                oldest = i;
            }
        }

        return oldest;
    }

    private void DropFuture(long latest)
    {
        for (var i = Count - 1; i >= 0; i--)
        {
            if (_times[i] > latest)
            {
                Count--;
                _keys[i] = _keys[Count];
                _times[i] = _times[Count];
            }
        }
    }
}

/// <summary>Exponential decay of a sum with the window as time constant: sum × e^(-age/window).</summary>
internal static class Decay
{
    /// <summary>A time before the sum's own leaves it as it is.</summary>
    public static float Apply(float sum, long at, long now, long within) =>
        now <= at || sum == 0 ? sum : sum * MathF.Exp((at - now) / (float)within);
}
