using System.Globalization;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Columns;
using DevOpsAgent.LogStore.Documents;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Search;

/// <summary>Values of a request for number and boolean fields, as their columns keep them.</summary>
internal static class NumberText
{
    /// <summary>False where no document can have it: a fraction for whole numbers, or out of range.</summary>
    /// <exception cref="DslException">Not a number.</exception>
    public static bool TryPoint(FieldMapping field, Literal value, out long kept)
    {
        if (field.Type == FieldType.Boolean)
        {
            kept = Flag(value);
            return true;
        }

        if (field.Type.IsFraction())
        {
            kept = SortableDouble.Encode(FieldValue.Kept(field.Type, Double(value)));
            return true;
        }

        var exact = Decimal(value);
        kept = 0;
        if (exact is not { } number || number != Math.Truncate(number) || number is < long.MinValue or > long.MaxValue)
        {
            return false;
        }

        kept = (long)number;
        return true;
    }

    /// <summary>The lowest value that a lower bound lets in.</summary>
    public static bool TryLow(FieldMapping field, Literal value, bool included, out long low)
    {
        if (field.Type.IsFraction())
        {
            low = SortableDouble.Encode(Double(value));
            if (field.Type != FieldType.Double)
            {
                var kept = FieldValue.Kept(field.Type, Double(value));
                low = SortableDouble.Encode(kept);
            }

            low += included ? 0 : 1;
            return true;
        }

        if (field.Type == FieldType.Boolean)
        {
            low = Flag(value) + (included ? 0 : 1);
            return true;
        }

        low = 0;
        var number = Decimal(value) ?? (Double(value) > 0 ? decimal.MaxValue : decimal.MinValue);
        var floor = Math.Floor(number);
        var least = included ? Math.Ceiling(number) : floor + (floor == decimal.MaxValue ? 0 : 1);
        if (least > long.MaxValue)
        {
            return false;
        }

        low = least < long.MinValue ? long.MinValue : (long)least;
        return true;
    }

    /// <summary>The highest value that an upper bound lets in.</summary>
    public static bool TryHigh(FieldMapping field, Literal value, bool included, out long high)
    {
        if (field.Type.IsFraction())
        {
            high = SortableDouble.Encode(field.Type == FieldType.Double ? Double(value) : FieldValue.Kept(field.Type, Double(value))) - (included ? 0 : 1);
            return true;
        }

        if (field.Type == FieldType.Boolean)
        {
            high = Flag(value) - (included ? 0 : 1);
            return true;
        }

        high = 0;
        var number = Decimal(value) ?? (Double(value) > 0 ? decimal.MaxValue : decimal.MinValue);
        var ceiling = Math.Ceiling(number);
        var most = included ? Math.Floor(number) : ceiling - (ceiling == decimal.MinValue ? 0 : 1);
        if (most < long.MinValue)
        {
            return false;
        }

        high = most > long.MaxValue ? long.MaxValue : (long)most;
        return true;
    }

    private static long Flag(Literal value) => value.Text switch
    {
        "true" => 1,
        "false" or "" => 0,
        var other => throw DslException.QueryShard($"failed to create query: Can't parse boolean value [{other}], expected [true] or [false]"),
    };

    private static double Double(Literal value) =>
        value.Kind != LiteralKind.Boolean && double.TryParse(value.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : throw Bad(value);

    private static decimal? Decimal(Literal value)
    {
        var approximate = Double(value);
        return decimal.TryParse(value.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var exact) ? exact
            : double.IsFinite(approximate) ? null : throw Bad(value);
    }

    private static DslException Bad(Literal value) => DslException.QueryShard($"failed to create query: For input string: \"{value.Text}\"");
}
