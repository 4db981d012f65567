using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Mapping;

/// <summary>One field of an index: its type, where its values lie, and how it was declared.</summary>
internal sealed class FieldMapping
{
    public FieldMapping(string name, FieldType type, string source)
    {
        Name = name;
        Type = type;
        Source = source;
    }

    /// <summary>Full name: <c>url.path</c>, <c>RequestPath.keyword</c>.</summary>
    public string Name { get; }

    public FieldType Type { get; }

    /// <summary>The source path whose values it indexes: of a multi-field, its parent's.</summary>
    public string Source { get; }

    /// <summary>Keywords longer than this (UTF-16 units) are kept in the source only.</summary>
    public int IgnoreAbove { get; init; } = int.MaxValue;

    /// <summary>What dates are read and printed with.</summary>
    public DateFormat Format { get; init; } = DateFormat.Default;

    /// <summary>The other ways this field's values are indexed, by their last name.</summary>
    public SortedDictionary<string, FieldMapping> Fields { get; } = new(StringComparer.Ordinal);

    public bool HasFormat { get; init; }

    public bool IsMulti => Name != Source;
}
