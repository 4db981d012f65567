namespace DevOpsAgent.LogStore.Columns;

/// <summary>Doubles as whole numbers in the same order: negative ones have their other bits flipped.</summary>
internal static class SortableDouble
{
    public static long Encode(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        return bits ^ ((bits >> 63) & long.MaxValue);
    }

    public static double Decode(long sortable) => BitConverter.Int64BitsToDouble(sortable ^ ((sortable >> 63) & long.MaxValue));
}
