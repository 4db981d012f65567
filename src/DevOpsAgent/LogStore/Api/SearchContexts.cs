using System.Security.Cryptography;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Search;

namespace DevOpsAgent.LogStore.Api;

/// <summary>Views of indexes that stay as they were: points in time and scrolls, until they are closed or forgotten.</summary>
internal sealed class SearchContexts
{
    /// <summary>Elasticsearch's own bound for scrolls (search.max_open_scroll_context).</summary>
    private const int MaxOpen = 500;

    private readonly Dictionary<string, SearchContext> _open = new(StringComparer.Ordinal);
    private readonly TimeProvider _time;

    public SearchContexts(TimeProvider time) => _time = time;

    public string Open(IReadOnlyList<IndexView> views, string keepAlive, SearchRequest? scroll = null)
    {
        lock (_open)
        {
            Forget();
            if (_open.Count >= MaxOpen)
            {
                throw new DslException("too_many_scroll_contexts_exception", $"Trying to create too many search contexts. Must be less than or equal to: [{MaxOpen}].", 429);
            }

            var id = Convert.ToBase64String(RandomNumberGenerator.GetBytes(24)).Replace('+', '-').Replace('/', '_');
            _open[id] = new() { Views = views, Scroll = scroll, Until = _time.GetUtcNow() + Span(keepAlive) };
            return id;
        }
    }

    public SearchContext Find(string id, bool isScroll, string? keepAlive)
    {
        lock (_open)
        {
            Forget();
            if (!_open.TryGetValue(id, out var context) || context.Scroll is not null != isScroll)
            {
                throw new DslException(isScroll ? "search_context_missing_nodes_exception" : "search_phase_execution_exception", $"No search context found for id [{id[..Math.Min(id.Length, 64)]}]", 404);
            }

            if (keepAlive is not null)
            {
                context.Until = _time.GetUtcNow() + Span(keepAlive);
            }

            return context;
        }
    }

    public int Close(IEnumerable<string> ids)
    {
        lock (_open)
        {
            return ids.Count(_open.Remove);
        }
    }

    private void Forget()
    {
        var now = _time.GetUtcNow();
        foreach (var (id, _) in _open.Where(o => o.Value.Until < now).ToList())
        {
            _open.Remove(id);
        }
    }

    private static TimeSpan Span(string keepAlive)
    {
        var millis = TimeInterval.Millis(keepAlive, "keep_alive");
        return millis is > 0 and <= CivilTime.DayMillis ? TimeSpan.FromMilliseconds(millis) : throw DslException.Argument($"Keep alive for request ({keepAlive}) is too large. It must be less than (1d).");
    }
}

internal sealed class SearchContext
{
    public required IReadOnlyList<IndexView> Views { get; init; }

    /// <summary>The scroll's search; its From moves on with every page.</summary>
    public SearchRequest? Scroll { get; set; }

    public DateTimeOffset Until { get; set; }
}
