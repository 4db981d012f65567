using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Columns;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Documents;

/// <summary>A key as it stands in documents, below its parent. <see cref="Path"/> is the field it names.</summary>
internal sealed class SourceKey
{
    private readonly List<SourceKey> _children = [];

    public SourceKey(int id, string name, SourceKey? parent)
    {
        Id = id;
        Name = name;
        Utf8 = System.Text.Encoding.UTF8.GetBytes(name);
        Parent = parent;
        Path = parent is null || parent.Path.Length == 0 ? name : $"{parent.Path}.{name}";
    }

    public int Id { get; }

    public string Name { get; }

    public byte[] Utf8 { get; }

    public SourceKey? Parent { get; }

    public string Path { get; }

    public IReadOnlyList<SourceKey> Children => _children;

    /// <summary>As of <see cref="MappingVersion"/>; null: not mapped.</summary>
    public FieldMapping? Field { get; set; }

    public int MappingVersion { get; set; } = -1;

    /// <summary>Keyword fields that drop long texts: this field or those below it.</summary>
    public FieldMapping[] Bounded { get; set; } = [];

    public int LastDoc { get; set; } = -1;

    public TextColumn? Texts { get; set; }

    public NumberColumn? Numbers { get; set; }

    public TextColumn? RawTexts { get; set; }

    public NumberColumn? Nanos { get; set; }

    public NumberColumn? Exacts { get; set; }

    public SourceKey? Child(ReadOnlySpan<byte> name, ref int hint)
    {
        // Log lines have the same keys in the same order: the next one is nearly always the right one.
        if (hint < _children.Count && name.SequenceEqual(_children[hint].Utf8))
        {
            return _children[hint++];
        }

        for (var i = 0; i < _children.Count; i++)
        {
            if (name.SequenceEqual(_children[i].Utf8))
            {
                hint = i + 1;
                return _children[i];
            }
        }

        return null;
    }

    public void Add(SourceKey child) => _children.Add(child);

    /// <exception cref="DslException">Not a name that a field can have.</exception>
    public static string CheckName(string name) =>
        name.Length == 0 || name.Contains('\0', StringComparison.Ordinal) || name.StartsWith('.') || name.EndsWith('.') || name.Contains("..", StringComparison.Ordinal) || string.IsNullOrWhiteSpace(name)
            ? throw new DslException("document_parsing_exception", "[1:1] failed to parse: field name cannot contain only whitespace, start or end with a dot, or be empty")
            : name.Length > 512 ? throw new DslException("document_parsing_exception", "[1:1] failed to parse: a field name is longer than 512")
            : name;
}
