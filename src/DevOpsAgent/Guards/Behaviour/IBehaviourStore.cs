namespace DevOpsAgent.Guards.Behaviour;

/// <summary>Keeps profiles across restarts. Each row has a version: who saves over a row that another process changed is told so.</summary>
internal interface IBehaviourStore
{
    /// <summary>Most recently seen first.</summary>
    /// <exception cref="Store.StoreException">The database can't be read.</exception>
    IReadOnlyList<BehaviourRow> Load();

    /// <summary>
    /// Saves rows and removes evicted agents, in one transaction. <see cref="BehaviourRow.Version"/> is what was read, 0 for a
    /// new one; the row is stored with Version + 1.
    /// </summary>
    /// <returns>The agents whose row had another version, or was gone: they were not saved.</returns>
    /// <exception cref="Store.StoreException">Nothing was saved.</exception>
    IReadOnlyList<string> Save(IReadOnlyList<BehaviourRow> rows, IReadOnlyList<string> evicted);

    /// <summary>An operator's reset: forgets one agent, or all with null; returns how many. Running agents follow by <see cref="Resets"/>.</summary>
    int Reset(string? agent);

    /// <summary>Grows with each <see cref="Reset"/>.</summary>
    long Resets();

    /// <summary>Agents forgotten at the cap since the database was made.</summary>
    long Evictions();
}

/// <param name="State">As <see cref="ProfileCodec"/> writes it.</param>
internal sealed record BehaviourRow(string Agent, byte[] State, long Version, DateTimeOffset LastSeen);
