namespace DevOpsAgent.Agent;

/// <summary>Keeps what the model was asked and said. Bounded: the newest runs of each incident, and exchanges of a time.</summary>
internal interface IInvestigationStore
{
    /// <summary>Runs that are kept of one incident, and of questions in all.</summary>
    public const int KeptRuns = 5;

    /// <summary>Exchanges that are kept, whatever their age.</summary>
    public const int KeptExchanges = 10_000;

    /// <summary>Stores a run, and forgets the oldest of its incident.</summary>
    /// <exception cref="Store.StoreException">It was not stored.</exception>
    long Save(Investigation investigation);

    /// <summary>Newest first.</summary>
    IReadOnlyList<Investigation> Of(long incidentId);

    /// <exception cref="Store.StoreException">It was not stored.</exception>
    void Add(ModelExchange exchange);

    /// <summary>The exchanges of a run that are still kept, in order.</summary>
    IReadOnlyList<ModelExchange> Exchanges(string run);

    /// <summary>Deletes the text of older exchanges; how many went.</summary>
    int Prune(DateTimeOffset olderThan);
}
