using System.Text.Json.Serialization;

namespace DevOpsAgent.LogStore.Disk;

/// <summary>What stands at the end of a segment file: how to read all before it.</summary>
internal sealed record SegmentFooter
{
    public int Count { get; init; }
    public long FirstTime { get; init; }
    public long LastTime { get; init; }
    public IReadOnlyList<StoredKey> Keys { get; init; } = [];

    /// <summary>Packed steps of each shape.</summary>
    public IReadOnlyList<long[]> Shapes { get; init; } = [];
    public Block? ShapeOf { get; init; }
    public IReadOnlyDictionary<string, StoredTexts> Texts { get; init; } = new Dictionary<string, StoredTexts>(StringComparer.Ordinal);
    public IReadOnlyDictionary<string, StoredNumbers> Numbers { get; init; } = new Dictionary<string, StoredNumbers>(StringComparer.Ordinal);
}

/// <param name="Parent">-1: the root.</param>
internal sealed record StoredKey(string Name, int Parent);

/// <summary>Distinct texts behind one another, their lengths, and per document its ordinal.</summary>
internal sealed record StoredTexts(int Count, Block Heap, Block Lengths, Block Ordinals, Block? ExtraDocs, Block? ExtraValues);

/// <summary>Values, and which documents have one; null: all.</summary>
internal sealed record StoredNumbers(Block Values, Block? Present, Block? ExtraDocs, Block? ExtraValues);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SegmentFooter))]
[JsonSerializable(typeof(IndexState))]
internal sealed partial class DiskJson : JsonSerializerContext;
