namespace DevOpsAgent.LogStore.Disk;

/// <summary>Bounds of a store on disk.</summary>
internal sealed record StoreOptions
{
    /// <summary>Bytes of all segments; above, the oldest go.</summary>
    public long MaxBytes { get; init; } = 10L << 30;

    /// <summary>Segments whose newest event is older go.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(14);

    /// <summary>Bytes of columns kept in memory.</summary>
    public long CacheBytes { get; init; } = 256L << 20;

    /// <summary>Full segments that may wait for a disk that takes none; beyond, documents are refused.</summary>
    public int MaxWaiting { get; init; } = 4;
}
