namespace DevOpsAgent.Guards.Receipts;

/// <summary>
/// Keeps the chain. Two implementations, SQLite and memory, one suite of tests. Several processes may append to one
/// database: the next seq and prev are read inside the transaction that writes.
/// </summary>
internal interface IReceiptStore
{
    /// <summary>
    /// Appends entries in one transaction, durable on return. <paramref name="make"/> is given the seq and the id of the
    /// last stored entry (0 and 64 zeros for none) and returns the entries that follow it.
    /// </summary>
    /// <exception cref="Store.StoreException">Nothing was stored.</exception>
    IReadOnlyList<ChainEntry> Append(Func<long, string, IReadOnlyList<ChainEntry>> make);

    /// <summary>Adds signatures to stored entries that have none, and drops their MACs; one that was signed meanwhile is left as it is.</summary>
    void Sign(IReadOnlyList<ChainEntry> signed);

    ChainEntry? Get(long seq);

    ChainEntry? Find(string id);

    /// <summary>In order of seq, from <paramref name="from"/> on.</summary>
    IEnumerable<ChainEntry> Read(long from);

    /// <summary>Receipts, and intents that stand open, newest first; no checkpoints.</summary>
    IReadOnlyList<ChainEntry> List(ReceiptQuery query, out int total);

    /// <summary>Intents without a receipt, oldest first.</summary>
    IReadOnlyList<ChainEntry> OpenIntents();

    /// <summary>Entries without a signature, oldest first.</summary>
    IReadOnlyList<ChainEntry> Unsigned(int limit);
}

internal sealed record ReceiptQuery
{
    public string? Tool { get; init; }
    public string? Agent { get; init; }
    public long? IncidentId { get; init; }
    public Decision? Decision { get; init; }
    public DateTimeOffset? Since { get; init; }
    public int Limit { get; init; } = 50;
    public int Offset { get; init; }
}
