using System.Text.Json;

namespace DevOpsAgent.Logs.Elasticsearch;

/// <summary>What <c>_field_caps</c> says of the fields of a pattern: their types, and where one name has two.</summary>
internal sealed class FieldCaps
{
    private readonly Dictionary<string, FieldCap> _fields;

    private FieldCaps(Dictionary<string, FieldCap> fields, int indexes)
    {
        _fields = fields;
        Indexes = indexes;
    }

    /// <summary>How many indexes answered.</summary>
    public int Indexes { get; }

    public IEnumerable<FieldCap> All => _fields.Values;

    public FieldCap? Find(string name) => _fields.GetValueOrDefault(name);

    /// <exception cref="ElasticException">It has not the form of an answer.</exception>
    public static FieldCaps Read(JsonElement answer)
    {
        if (answer.ValueKind != JsonValueKind.Object || !answer.TryGetProperty("fields", out var all) || all.ValueKind != JsonValueKind.Object)
        {
            throw new ElasticException(ElasticFault.Garbage, "The answer to _field_caps has no fields: look whether a proxy stands in between.");
        }

        var fields = new Dictionary<string, FieldCap>(StringComparer.Ordinal);
        foreach (var field in all.EnumerateObject())
        {
            var types = field.Value.ValueKind == JsonValueKind.Object
                ? field.Value.EnumerateObject().Where(static t => t.Name != "unmapped" && t.Value.ValueKind == JsonValueKind.Object).Select(static t => new CappedType(t.Name, Flag(t.Value, "aggregatable"), Indices(t.Value))).ToList() : [];
            if (types.Count > 0 && !types.TrueForAll(static t => t.Name is "object" or "nested"))
            {
                fields[field.Name] = new(field.Name, types);
            }
        }

        return new(fields, answer.TryGetProperty("indices", out var indices) ? indices.ValueKind == JsonValueKind.Array ? indices.GetArrayLength() : 1 : fields.Count > 0 ? 1 : 0);
    }

    private static bool Flag(JsonElement at, string name) => at.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static IReadOnlyList<string> Indices(JsonElement type) =>
        type.TryGetProperty("indices", out var list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray().Where(static i => i.ValueKind == JsonValueKind.String).Select(static i => i.GetString()!)] : [];
}

/// <summary>One type that a field has, and in which indexes, where others have another.</summary>
internal sealed record CappedType(string Name, bool IsAggregatable, IReadOnlyList<string> Indexes)
{
    public bool IsWord => Name is "keyword" or "wildcard" or "constant_keyword" or "flattened";

    public bool IsNumber => Name is "long" or "integer" or "short" or "byte" or "unsigned_long" or "float" or "double" or "half_float" or "scaled_float";

    public bool IsDate => Name is "date" or "date_nanos";
}

internal sealed record FieldCap(string Name, IReadOnlyList<CappedType> Types)
{
    /// <summary>The one kind that all its types are of; null: they conflict.</summary>
    public CappedType? Kind => Types.Count == 1 || Types.All(static t => t.IsWord) || Types.All(static t => t.IsNumber) || Types.All(static t => t.IsDate) ? Types[0] : null;

    /// <summary>"keyword in logs-1, text in logs-2".</summary>
    public string Conflict => string.Join(", ", Types.Select(static t => $"{t.Name} in {(t.Indexes.Count == 0 ? "some indexes" : string.Join(" and ", t.Indexes.Take(3)) + (t.Indexes.Count > 3 ? $" and {t.Indexes.Count - 3} more" : ""))}"));
}
