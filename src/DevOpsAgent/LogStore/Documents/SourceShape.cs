namespace DevOpsAgent.LogStore.Documents;

/// <summary>
/// The form of a document without its values: keys in order and, per value, the column that has it. Log lines share a handful
/// of shapes, so the source costs next to nothing beside the columns.
/// </summary>
internal enum ShapeKind : byte
{
    Open,
    Close,
    Null,

    /// <summary>A string from the key's texts.</summary>
    Text,

    /// <summary>A whole number from the key's numbers.</summary>
    Whole,

    /// <summary>A fraction from the key's numbers, in fewest digits.</summary>
    Fraction,

    /// <summary>A fraction whose field keeps fewer bits: from the exact numbers beside it.</summary>
    Exact,
    Flag,

    /// <summary>An ISO date from milliseconds and the nanoseconds below them.</summary>
    Date,

    /// <summary>The value's JSON as it was.</summary>
    Raw,

    /// <summary>The whole document's JSON as it was.</summary>
    RawDocument,
}

/// <summary>One step of a shape. For dates: digits of the fraction, and minutes of the zone's offset or <see cref="Utc"/>.</summary>
internal readonly record struct ShapeStep(ShapeKind Kind, int Key, int Digits = 0, int Offset = 0)
{
    public const int Utc = 2000;

    public long Packed => (long)Kind | ((long)Digits << 8) | ((long)(Offset + 4096) << 16) | ((long)(Key + 1) << 32);

    public static ShapeStep Unpack(long packed) => new((ShapeKind)(packed & 0xFF), (int)(packed >> 32) - 1, (int)(packed >> 8 & 0xFF), (int)(packed >> 16 & 0xFFFF) - 4096);
}
