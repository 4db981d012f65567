using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Api;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore;

/// <summary>Searches the embedded store.</summary>
internal sealed class EmbeddedSearch(IndexCatalog catalog, TimeProvider time, string pattern) : ILogSearch
{
    private readonly ElasticApi _api = new(catalog, time, allowWrites: false);

    public string Pattern => pattern;

    public Task<FieldCatalog> FieldsAsync(CancellationToken cancellationToken) => Task.FromResult(Read(() =>
    {
        var types = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in catalog.Resolve(pattern).SelectMany(static v => v.Index.Mapping.Fields.Values))
        {
            types[field.Name] = field.Type.Name();
        }

        return new FieldCatalog(types);
    }));

    public Task<DateTimeOffset> NewestAsync(CancellationToken cancellationToken) => Task.FromResult(Read(() =>
    {
        var newest = long.MinValue;
        foreach (var view in catalog.Resolve(pattern))
        {
            foreach (var segment in view.Segments)
            {
                newest = Math.Max(newest, segment.Times.Last);
            }
        }

        return newest == long.MinValue ? time.GetUtcNow() : DateTimeOffset.FromUnixTimeMilliseconds(newest);
    }));

    public Task<(int Status, byte[] Body)> SearchAsync(CheckedQuery query, CancellationToken cancellationToken)
    {
        var answer = _api.Handle(new("POST", $"/{Uri.EscapeDataString(query.Index)}/_search", query.Body));
        return Task.FromResult((answer.Status, answer.Body));
    }

    private T Read<T>(Func<T> read)
    {
        catalog.Lock.EnterReadLock();
        try
        {
            return read();
        }
        finally
        {
            catalog.Lock.ExitReadLock();
        }
    }
}
