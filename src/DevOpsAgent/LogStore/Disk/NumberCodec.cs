using System.Buffers.Binary;

namespace DevOpsAgent.LogStore.Disk;

/// <summary>Whole numbers in as few bytes each as their range needs; runs that rise slowly (times, sequences) by their differences.</summary>
internal static class NumberCodec
{
    private const byte Plain = 0;
    private const byte Differences = 1;

    public static byte[] Encode(ReadOnlySpan<long> values)
    {
        var (min, max) = (0L, 0L);
        var (leastStep, mostStep) = (0L, 0L);
        for (var i = 0; i < values.Length; i++)
        {
            (min, max) = i == 0 ? (values[0], values[0]) : (Math.Min(min, values[i]), Math.Max(max, values[i]));
            if (i > 0)
            {
                var step = unchecked(values[i] - values[i - 1]);
                (leastStep, mostStep) = i == 1 ? (step, step) : (Math.Min(leastStep, step), Math.Max(mostStep, step));
            }
        }

        var plainWidth = Width(unchecked((ulong)max - (ulong)min));
        var stepWidth = Width(unchecked((ulong)mostStep - (ulong)leastStep));
        var mode = stepWidth < plainWidth ? Differences : Plain;
        var (first, least, width) = mode == Plain ? (0L, min, plainWidth) : (values.Length > 0 ? values[0] : 0, leastStep, stepWidth);
        var bytes = new byte[22 + (values.Length * width)];
        bytes[0] = mode;
        bytes[1] = (byte)width;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(2), values.Length);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(6), first);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(14), least);
        var last = first;
        for (var i = 0; i < values.Length; i++)
        {
            var number = unchecked((ulong)((mode == Plain ? values[i] : values[i] - last) - least));
            if (mode == Differences && i == 0)
            {
                number = 0;
            }

            last = values[i];
            Put(bytes.AsSpan(22 + (i * width)), number, width);
        }

        return bytes;
    }

    /// <param name="length">Of the array; longer than what was encoded is filled with 0.</param>
    public static long[] Decode(ReadOnlySpan<byte> bytes, int length)
    {
        var mode = bytes[0];
        var width = bytes[1];
        var count = BinaryPrimitives.ReadInt32LittleEndian(bytes[2..]);
        var last = BinaryPrimitives.ReadInt64LittleEndian(bytes[6..]);
        var least = BinaryPrimitives.ReadInt64LittleEndian(bytes[14..]);
        if (mode > Differences || width > 8 || count < 0 || bytes.Length != 22 + ((long)count * width))
        {
            throw new StoreDamagedException("a column of numbers is damaged");
        }

        var values = new long[Math.Max(length, count)];
        for (var i = 0; i < count; i++)
        {
            var number = unchecked((long)Get(bytes[(22 + (i * width))..], width) + least);
            values[i] = last = mode == Plain ? number : i == 0 ? last : unchecked(last + number);
        }

        return values;
    }

    /// <summary>Numbers from 0 up, such as ordinals.</summary>
    public static byte[] EncodeInts(ReadOnlySpan<int> values)
    {
        var most = 0;
        foreach (var value in values)
        {
            most = Math.Max(most, value);
        }

        var width = Width((ulong)most);
        var bytes = new byte[5 + (values.Length * width)];
        bytes[0] = (byte)width;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(1), values.Length);

        // Low bytes together, then the next ones: the packer finds more in them.
        for (var b = 0; b < width; b++)
        {
            var plane = bytes.AsSpan(5 + (b * values.Length), values.Length);
            for (var i = 0; i < values.Length; i++)
            {
                plane[i] = (byte)(values[i] >> (8 * b));
            }
        }

        return bytes;
    }

    public static int[] DecodeInts(ReadOnlySpan<byte> bytes, int length)
    {
        var width = bytes[0];
        var count = BinaryPrimitives.ReadInt32LittleEndian(bytes[1..]);
        if (width > 4 || count < 0 || bytes.Length != 5 + ((long)count * width))
        {
            throw new StoreDamagedException("a column of ordinals is damaged");
        }

        var values = new int[Math.Max(length, count)];
        for (var b = 0; b < width; b++)
        {
            var plane = bytes.Slice(5 + (b * count), count);
            for (var i = 0; i < count; i++)
            {
                values[i] |= plane[i] << (8 * b);
            }
        }

        return values;
    }

    private static int Width(ulong range) => (64 - System.Numerics.BitOperations.LeadingZeroCount(range) + 7) / 8;

    private static void Put(Span<byte> target, ulong number, int width)
    {
        for (var b = 0; b < width; b++)
        {
            target[b] = (byte)(number >> (8 * b));
        }
    }

    private static ulong Get(ReadOnlySpan<byte> source, int width)
    {
        ulong number = 0;
        for (var b = 0; b < width; b++)
        {
            number |= (ulong)source[b] << (8 * b);
        }

        return number;
    }
}
