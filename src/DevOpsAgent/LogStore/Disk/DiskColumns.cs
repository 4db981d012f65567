using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Columns;
using Microsoft.Win32.SafeHandles;

namespace DevOpsAgent.LogStore.Disk;

/// <summary>A segment's columns on disk. Each is checked and unpacked when it is asked for, and kept while memory allows.</summary>
internal sealed class DiskColumns(SafeFileHandle file, string path, SegmentFooter footer, ColumnCache cache) : ISegmentColumns, IDisposable
{
    public (long First, long Last) Times => (footer.FirstTime, footer.LastTime);

    public IEnumerable<string> TextNames => footer.Texts.Keys;

    public IEnumerable<string> NumberNames => footer.Numbers.Keys;

    public TextColumn? Texts(string name)
    {
        if (!footer.Texts.TryGetValue(name, out var stored))
        {
            return null;
        }

        var key = "t" + name;
        if (cache.Find<TextColumn>(this, key) is { } known)
        {
            return known;
        }

        var column = Checked(() =>
        {
            var ends = NumberCodec.DecodeInts(stored.Lengths.Read(file, path), stored.Count);
            for (var i = 1; i < stored.Count; i++)
            {
                ends[i] += ends[i - 1];
            }

            return new TextColumn(new(stored.Heap.Read(file, path), ends, stored.Count), NumberCodec.DecodeInts(stored.Ordinals.Read(file, path), footer.Count), Extras(stored.ExtraDocs, stored.ExtraValues));
        });
        cache.Add(this, key, column, column.Bytes);
        return column;
    }

    public NumberColumn? Numbers(string name)
    {
        if (!footer.Numbers.TryGetValue(name, out var stored))
        {
            return null;
        }

        var key = "n" + name;
        if (cache.Find<NumberColumn>(this, key) is { } known)
        {
            return known;
        }

        var column = Checked(() =>
        {
            var values = NumberCodec.Decode(stored.Values.Read(file, path), footer.Count);
            ulong[] present;
            if (stored.Present is { } bits)
            {
                var bytes = bits.Read(file, path);
                present = new ulong[Math.Max(bytes.Length / 8, (footer.Count + 63) >> 6)];
                Buffer.BlockCopy(bytes, 0, present, 0, bytes.Length);
            }
            else
            {
                present = Bits.Full(footer.Count).Words;
            }

            return new NumberColumn(values, present, Extras(stored.ExtraDocs, stored.ExtraValues));
        });
        cache.Add(this, key, column, column.Bytes);
        return column;
    }

    private ExtraValues Extras(Block? docs, Block? values)
    {
        var extras = new ExtraValues();
        if (docs is not null && values is not null)
        {
            var places = NumberCodec.DecodeInts(docs.Read(file, path), 0);
            var numbers = NumberCodec.Decode(values.Read(file, path), 0);
            for (var i = 0; i < places.Length; i++)
            {
                extras.Add(places[i], numbers[i]);
            }
        }

        return extras;
    }

    /// <summary>A damaged column fails the search that needs it, by name: never an answer with less in it.</summary>
    private static T Checked<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is StoreDamagedException or IOException or IndexOutOfRangeException or ArgumentException or ObjectDisposedException)
        {
            throw new DslException("corrupt_index_exception", e.Message, 500) { OnShard = true };
        }
    }

    public void Dispose()
    {
        cache.Forget(this);
        file.Dispose();
    }
}
