using System.Text.Json;

namespace DevOpsAgent.LogStore.Disk;

/// <summary>index.json: what an index is made of. Replaced as a whole, so that it always names files that are complete.</summary>
internal sealed record IndexState
{
    /// <summary>Version of this file and of the segments that it names.</summary>
    public const int CurrentVersion = 1;

    public int Version { get; init; }
    public string Name { get; init; } = "";
    public string Uuid { get; init; } = "";
    public JsonElement Mapping { get; init; }
    public IReadOnlyList<StoredAlias> Aliases { get; init; } = [];
    public long NextSequence { get; init; }
    public IReadOnlyList<StoredSegment> Segments { get; init; } = [];
}

internal sealed record StoredAlias(string Name, JsonElement? Filter);

/// <param name="Deleted">Documents of it that are gone.</param>
internal sealed record StoredSegment(string File, int Count, long Bytes, long FirstTime, long LastTime, IReadOnlyList<int> Deleted);
