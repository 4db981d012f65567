namespace DevOpsAgent.LogStore.Documents;

internal enum StagedKind : byte
{
    Text,
    Number,
    Nanos,
    Exact,
    Source,
}

/// <summary>A value read but not yet kept. A negative start is an offset into the writer's scratch buffer, turned over.</summary>
internal readonly record struct StagedValue(SourceKey Key, StagedKind Kind, int Start, int Length, long Value)
{
    public static StagedValue Text(SourceKey key, int start, int length) => new(key, StagedKind.Text, start, length, 0);

    public static StagedValue Source(SourceKey key, int start, int length) => new(key, StagedKind.Source, start, length, 0);

    public static StagedValue Number(SourceKey key, long value) => new(key, StagedKind.Number, 0, 0, value);

    public static StagedValue Hidden(SourceKey key, StagedKind kind, long value) => new(key, kind, 0, 0, value);
}
