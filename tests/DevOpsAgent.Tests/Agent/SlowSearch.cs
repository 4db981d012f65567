using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.Tests.Agent;

/// <summary>A log search that doesn't answer until it is let go, whatever its token says.</summary>
internal sealed class SlowSearch(ILogSearch inner) : ILogSearch
{
    public ILogSearch Inner => inner;

    public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Release { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Pattern => inner.Pattern;

    public Task<FieldCatalog> FieldsAsync(CancellationToken cancellationToken) => inner.FieldsAsync(cancellationToken);

    public Task<DateTimeOffset> NewestAsync(CancellationToken cancellationToken) => inner.NewestAsync(cancellationToken);

    public async Task<(int Status, byte[] Body)> SearchAsync(CheckedQuery query, CancellationToken cancellationToken)
    {
        Asked.TrySetResult();
        await Release.Task;
        return await inner.SearchAsync(query, CancellationToken.None);
    }
}
