namespace DevOpsAgent.Audit;

/// <summary>The last line of a chain: what the next one's seq and prev follow from.</summary>
internal readonly record struct ChainEnd(long Seq, string Hash)
{
    public static ChainEnd None { get; } = new(0, LineForm.NoHash);
}
