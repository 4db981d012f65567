namespace DevOpsAgent.LogStore.Documents;

internal sealed partial class DocumentWriter
{
    private enum StagedKind : byte
    {
        Text,
        Number,
        Nanos,
        Exact,
        Source,
    }

    /// <summary>A value read but not yet kept. A negative start is an offset into the scratch buffer, turned over.</summary>
    private readonly record struct Staged(SourceKey Key, StagedKind Kind, int Start, int Length, long Value)
    {
        public static Staged Text(SourceKey key, int start, int length) => new(key, StagedKind.Text, start, length, 0);

        public static Staged Source(SourceKey key, int start, int length) => new(key, StagedKind.Source, start, length, 0);

        public static Staged Number(SourceKey key, long value) => new(key, StagedKind.Number, 0, 0, value);

        public static Staged Hidden(SourceKey key, StagedKind kind, long value) => new(key, kind, 0, 0, value);
    }
}
