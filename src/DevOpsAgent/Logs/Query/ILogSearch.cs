namespace DevOpsAgent.Logs.Query;

/// <summary>Logs that can be searched by DSL: the embedded store, or a real Elasticsearch.</summary>
internal interface ILogSearch
{
    /// <summary>Index names that may be asked.</summary>
    string Pattern { get; }

    /// <summary>Fields of the indexes and their types.</summary>
    Task<FieldCatalog> FieldsAsync(CancellationToken cancellationToken);

    /// <summary>Time of the newest event; now, where that is not known.</summary>
    Task<DateTimeOffset> NewestAsync(CancellationToken cancellationToken);

    /// <summary>Answers a checked search.</summary>
    /// <returns>HTTP status and JSON, as Elasticsearch's.</returns>
    Task<(int Status, byte[] Body)> SearchAsync(CheckedQuery query, CancellationToken cancellationToken);
}
