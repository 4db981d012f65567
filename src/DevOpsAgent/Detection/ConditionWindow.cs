using System.Runtime.InteropServices;

namespace DevOpsAgent.Detection;

/// <summary>
/// What one client counted for one condition: the newest so many distinct keys (paths, agents, ...) with the time of
/// their last event, as many as the condition asks for. That is enough to know exactly whether it holds: it does when
/// all of them lie within the window. Times may be out of order; a time further ahead than a whole window is taken for
/// a clock that jumped, and is dropped as soon as an ordinary one comes.
/// </summary>
internal sealed class ConditionWindow(int condition)
{
    /// <summary>Bytes of an empty window with its arrays' headers.</summary>
    public const int BaseBytes = 112;

    /// <summary>Keys in the first half, their times in the second.</summary>
    private long[] _entries = [];

    /// <summary>No time is newer.</summary>
    private long _newest = long.MinValue;
    private float _weight;
    private long _weightAt;

    public int Condition { get; } = condition;

    public int Count { get; private set; }

    public int Bytes => BaseBytes + _entries.Length * 8;

    private Span<ulong> Keys => MemoryMarshal.Cast<long, ulong>(_entries.AsSpan(0, Count));

    private Span<long> Times => _entries.AsSpan(_entries.Length / 2, Count);

    /// <summary>Notes a key at a time. Not distinct: each event is its own key. True: the window takes more memory now.</summary>
    public bool Add(ulong key, long time, CompiledCondition condition)
    {
        if (_newest > time + condition.WithinTicks)
        {
            DropFuture(time + condition.WithinTicks);
        }

        if (condition.Kind is not (CountKind.Events or CountKind.RatePerMinute))
        {
            var known = Keys.IndexOf(key);
            if (known >= 0)
            {
                ref var last = ref Times[known];
                last = Math.Max(last, time);
                _newest = Math.Max(_newest, time);
                return false;
            }
        }

        var grown = false;
        var at = Count;
        if (Count == condition.Capacity)
        {
            at = Oldest();
            if (Times[at] > time)
            {
                return false;
            }
        }
        else
        {
            if (Count * 2 == _entries.Length)
            {
                Grow(Math.Min(condition.Capacity, Math.Max(2, Count * 2)));
                grown = true;
            }

            Count++;
        }

        Keys[at] = key;
        Times[at] = time;
        _newest = Math.Max(_newest, time);
        return grown;
    }

    /// <summary>How many keys lie in the window that ends at this time.</summary>
    public int CountAt(long time, long within)
    {
        var count = 0;
        foreach (var t in Times)
        {
            count += t >= time - within && t <= time + within ? 1 : 0;
        }

        return count;
    }

    /// <summary>True: as many keys as are kept, all of them in the window that ends at this time.</summary>
    public bool IsFullAt(long time, CompiledCondition condition)
    {
        if (Count < condition.Capacity)
        {
            return false;
        }

        foreach (var t in Times)
        {
            if (t < time - condition.WithinTicks || t > time + condition.WithinTicks)
            {
                return false;
            }
        }

        return true;
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
            to.Write(Keys[i]);
            to.Write(Times[i]);
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

        window._entries = new long[count * 2];
        window.Count = count;
        for (var i = 0; i < count; i++)
        {
            window.Keys[i] = from.ReadUInt64();
            window.Times[i] = from.ReadInt64();
            window._newest = Math.Max(window._newest, window.Times[i]);
        }

        return window;
    }

    private void Grow(int size)
    {
        var entries = new long[size * 2];
        _entries.AsSpan(0, Count).CopyTo(entries);
        Times.CopyTo(entries.AsSpan(size));
        _entries = entries;
    }

    private int Oldest()
    {
        var oldest = 0;
        var times = Times;
        for (var i = 1; i < times.Length; i++)
        {
            if (times[i] < times[oldest])
            {
                oldest = i;
            }
        }

        return oldest;
    }

    private void DropFuture(long latest)
    {
        _newest = long.MinValue;
        for (var i = Count - 1; i >= 0; i--)
        {
            if (Times[i] > latest)
            {
                Keys[i] = Keys[Count - 1];
                Times[i] = Times[Count - 1];
                Count--;
            }
            else
            {
                _newest = Math.Max(_newest, Times[i]);
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
