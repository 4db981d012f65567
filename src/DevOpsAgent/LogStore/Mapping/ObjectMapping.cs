namespace DevOpsAgent.LogStore.Mapping;

/// <summary>A node of the mapping tree: an object with its fields and objects by name.</summary>
internal sealed class ObjectMapping
{
    public SortedDictionary<string, FieldMapping> Fields { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, ObjectMapping> Objects { get; } = new(StringComparer.Ordinal);
}
