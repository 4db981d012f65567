using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.Service;

/// <summary>The logs that can be searched, known only once somebody has opened them: the store beside the service, a command's files, a server.</summary>
internal sealed class LogSearchSlot : ILogSearch
{
    private volatile ILogSearch? _search;

    /// <summary>Null: none.</summary>
    public ILogSearch? Search
    {
        get => _search;
        set => _search = value;
    }

    public string Pattern => (_search ?? throw None()).Pattern;

    public Task<FieldCatalog> FieldsAsync(CancellationToken cancellationToken) => (_search ?? throw None()).FieldsAsync(cancellationToken);

    public Task<DateTimeOffset> NewestAsync(CancellationToken cancellationToken) => (_search ?? throw None()).NewestAsync(cancellationToken);

    public Task<(int Status, byte[] Body)> SearchAsync(CheckedQuery query, CancellationToken cancellationToken) => (_search ?? throw None()).SearchAsync(query, cancellationToken);

    private static InvalidOperationException None() => new("There are no logs to search: this agent keeps none.");
}
