namespace DevOpsAgent.LogStore.Mapping;

/// <summary>What a field's values are. Texts are searched by word, keywords as a whole.</summary>
internal enum FieldType : byte
{
    Object,
    Text,
    Keyword,
    Ip,
    Date,
    Boolean,
    Long,
    Integer,
    Short,
    Byte,
    Double,
    Float,
    HalfFloat,
}

internal static class FieldTypes
{
    private static readonly (FieldType Type, string Name)[] Names =
    [
        (FieldType.Object, "object"), (FieldType.Text, "text"), (FieldType.Keyword, "keyword"), (FieldType.Ip, "ip"), (FieldType.Date, "date"), (FieldType.Boolean, "boolean"),
        (FieldType.Long, "long"), (FieldType.Integer, "integer"), (FieldType.Short, "short"), (FieldType.Byte, "byte"),
        (FieldType.Double, "double"), (FieldType.Float, "float"), (FieldType.HalfFloat, "half_float"),
    ];

    public static bool TryParse(string name, out FieldType type)
    {
        foreach (var known in Names)
        {
            if (known.Name == name)
            {
                type = known.Type;
                return true;
            }
        }

        type = FieldType.Object;
        return false;
    }

    public static string Name(this FieldType type) => Names.First(n => n.Type == type).Name;

    public static bool IsText(this FieldType type) => type is FieldType.Text or FieldType.Keyword or FieldType.Ip;

    public static bool IsWhole(this FieldType type) => type is FieldType.Long or FieldType.Integer or FieldType.Short or FieldType.Byte;

    public static bool IsFraction(this FieldType type) => type is FieldType.Double or FieldType.Float or FieldType.HalfFloat;

    public static bool IsNumber(this FieldType type) => type.IsWhole() || type.IsFraction();

    /// <summary>Kept as 64-bit whole numbers: dates in milliseconds, booleans as 0 and 1.</summary>
    public static bool IsLongKept(this FieldType type) => type.IsWhole() || type is FieldType.Date or FieldType.Boolean;
}
