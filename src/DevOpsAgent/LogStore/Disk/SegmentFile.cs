using System.Buffers.Binary;
using System.Text.Json;
using DevOpsAgent.LogStore.Columns;
using DevOpsAgent.LogStore.Documents;
using Microsoft.Win32.SafeHandles;

namespace DevOpsAgent.LogStore.Disk;

/// <summary>
/// A segment as one file: magic, version, blocks, a footer that says where each column lies, its checksum, and the magic
/// again. A file that was cut anywhere lacks its end.
/// </summary>
internal static class SegmentFile
{
    public const int Version = 1;

    private const int HeadLength = 12;
    private const int TailLength = 20;

    private static ReadOnlySpan<byte> Head => "DVLOGSEG"u8;

    private static ReadOnlySpan<byte> Tail => "GESGOLVD"u8;

    /// <summary>Writes, flushes to the disk, and only then gives the file its name.</summary>
    /// <exception cref="IOException">The disk is full or can't be written; nothing is left behind.</exception>
    public static long Write(string path, Segment segment)
    {
        var part = path + ".part";
        try
        {
            long length;
            using (var file = new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 18))
            {
                Write(file, segment);
                file.Flush(flushToDisk: true);
                length = file.Length;
            }

            File.Move(part, path, overwrite: true);
            return length;
        }
        catch
        {
            File.Delete(part);
            throw;
        }
    }

    private static void Write(FileStream file, Segment segment)
    {
        file.Write(Head);
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(number, Version);
        file.Write(number[..4]);
        var times = segment.Times;
        var footer = new SegmentFooter
        {
            Count = segment.Count,
            FirstTime = times.First,
            LastTime = times.Last,
            Keys = [.. segment.Keys.Select(static k => new StoredKey(k.Name, k.Parent?.Id ?? -1))],
            Shapes = [.. segment.Shapes.Select(static s => s.Select(static step => step.Packed).ToArray())],
            ShapeOf = Block.Write(file, NumberCodec.EncodeInts(segment.ShapeOf.AsSpan(0, segment.Count))),
            Texts = segment.Texts.ToDictionary(static t => t.Key, t => Texts(file, t.Value, segment.Count), StringComparer.Ordinal),
            Numbers = segment.Numbers.ToDictionary(static n => n.Key, n => Numbers(file, n.Value, segment.Count), StringComparer.Ordinal),
        };
        var bytes = JsonSerializer.SerializeToUtf8Bytes(footer, DiskJson.Default.SegmentFooter);
        file.Write(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(number, bytes.Length);
        file.Write(number[..4]);
        BinaryPrimitives.WriteUInt64LittleEndian(number, Block.ChecksumOf(bytes));
        file.Write(number);
        file.Write(Tail);
    }

    private static StoredTexts Texts(FileStream file, TextColumn column, int count)
    {
        var dictionary = column.Dictionary;
        var lengths = new int[dictionary.Count];
        for (var i = 0; i < lengths.Length; i++)
        {
            lengths[i] = dictionary[i].Length;
        }

        var (docs, values) = Extras(file, column.Extras);
        return new(dictionary.Count, Block.Write(file, dictionary.Heap), Block.Write(file, NumberCodec.EncodeInts(lengths)), Block.Write(file, NumberCodec.EncodeInts(column.Ordinals.AsSpan(0, Math.Min(count, column.Ordinals.Length)))), docs, values);
    }

    private static StoredNumbers Numbers(FileStream file, NumberColumn column, int count)
    {
        count = Math.Min(count, column.Values.Length);
        var present = new Bits(count);
        Array.Copy(column.Present, present.Words, present.Words.Length);
        var isFull = present.Count() == count;
        var values = column.Values.AsSpan(0, count).ToArray();

        // Where a document has none, the value before stands in: differences stay small.
        for (var i = 1; i < count && !isFull; i++)
        {
            if (!column.Has(i))
            {
                values[i] = values[i - 1];
            }
        }

        var (docs, extra) = Extras(file, column.Extras);
        return new(Block.Write(file, NumberCodec.Encode(values)), isFull ? null : Block.Write(file, System.Runtime.InteropServices.MemoryMarshal.AsBytes(present.Words.AsSpan())), docs, extra);
    }

    private static (Block? Docs, Block? Values) Extras(FileStream file, ExtraValues extras) => extras.IsEmpty ? (null, null)
        : (Block.Write(file, NumberCodec.EncodeInts(extras.Docs.ToArray())), Block.Write(file, NumberCodec.Encode(extras.Values.ToArray())));

    /// <summary>Reads the footer; columns are read when they are asked for.</summary>
    /// <exception cref="StoreDamagedException">Not a whole segment of a known version.</exception>
    public static Segment Open(string path, ColumnCache cache)
    {
        var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        try
        {
            var footer = Footer(handle, path);
            var segment = new Segment { Disk = new DiskColumns(handle, path, footer, cache), Count = footer.Count };
            foreach (var key in footer.Keys)
            {
                segment.Keys.Add(new(segment.Keys.Count, key.Name, key.Parent < 0 ? null : segment.Keys[key.Parent]));
            }

            segment.Shapes.AddRange(footer.Shapes.Select(static s => s.Select(ShapeStep.Unpack).ToArray()));
            segment.ShapeOf = footer.ShapeOf is { } shapes ? NumberCodec.DecodeInts(shapes.Read(handle, path), footer.Count) : new int[footer.Count];
            return segment;
        }
        catch (Exception e) when (e is JsonException or ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            handle.Dispose();
            throw new StoreDamagedException($"{path}: {e.Message}");
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private static SegmentFooter Footer(SafeFileHandle handle, string path)
    {
        var length = RandomAccess.GetLength(handle);
        if (length < HeadLength + TailLength)
        {
            throw new StoreDamagedException($"{path} is too short for a segment");
        }

        var head = new byte[HeadLength];
        var tail = new byte[TailLength];
        if (RandomAccess.Read(handle, head, 0) != HeadLength || !head.AsSpan(0, 8).SequenceEqual(Head))
        {
            throw new StoreDamagedException($"{path} is not a segment");
        }

        var version = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(8));
        if (version > Version)
        {
            throw new StoreDamagedException($"{path} was written by a newer version (format {version}, this program reads up to {Version}): run that version") { IsNewer = true };
        }

        if (RandomAccess.Read(handle, tail, length - TailLength) != TailLength || !tail.AsSpan(12).SequenceEqual(Tail))
        {
            throw new StoreDamagedException($"{path} is torn: its end is missing");
        }

        var size = BinaryPrimitives.ReadInt32LittleEndian(tail);
        if (size < 0 || size > length - HeadLength - TailLength)
        {
            throw new StoreDamagedException($"{path}: its footer is damaged");
        }

        var bytes = new byte[size];
        return RandomAccess.Read(handle, bytes, length - TailLength - size) == size && Block.ChecksumOf(bytes) == BinaryPrimitives.ReadUInt64LittleEndian(tail.AsSpan(4))
            ? JsonSerializer.Deserialize(bytes, DiskJson.Default.SegmentFooter)! : throw new StoreDamagedException($"{path}: its footer is damaged");
    }
}
