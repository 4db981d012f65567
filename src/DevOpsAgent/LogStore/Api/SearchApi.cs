using System.Text;
using System.Text.Json;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Search;

namespace DevOpsAgent.LogStore.Api;

/// <summary>_search, _msearch, _count, scrolls and points in time.</summary>
internal sealed class SearchApi
{
    /// <summary>Searches in one _msearch.</summary>
    private const int MaxParts = 1000;

    private readonly IndexCatalog _catalog;
    private readonly TimeProvider _time;
    private readonly SearchContexts _contexts;

    public SearchApi(IndexCatalog catalog, TimeProvider time)
    {
        _catalog = catalog;
        _time = time;
        _contexts = new(time);
    }

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private List<IndexView> Views(ApiCall call) => Views(call.Parts is [var index, ..] && !index.StartsWith("_search", StringComparison.Ordinal) && index is not ("_count" or "_msearch" or "_validate") ? index : "_all",
        call.Flag("ignore_unavailable"), call.Flag("allow_no_indices", true));

    private List<IndexView> Views(string expression, bool ignoreUnavailable, bool allowNone) => _catalog.Resolve(IndexDateMath.Resolve(expression, Now), ignoreUnavailable, allowNone);

    public ApiAnswer Search(ApiCall call)
    {
        var request = SearchParameters.Read(call);
        var started = _time.GetTimestamp();
        var asInt = call.Flag("rest_total_hits_as_int");
        if (request.PitId is { } pit)
        {
            if (call.Parts.Length > 1)
            {
                throw DslException.Validation("[indices] cannot be used with point in time. Do not specify any index with point in time.");
            }

            var context = _contexts.Find(pit, isScroll: false, null);
            var sorted = request.Sort.Count > 0 && request.Sort.All(static s => !s.IsDoc || s.Field != "_shard_doc") && request.SearchAfter is var after && (after is null || after.Count == request.Sort.Count + 1)
                ? request with { Sort = [.. request.Sort, new SortField("_shard_doc", false)] } : request;
            var found = Searcher.Run(context.Views, sorted, Now);
            return JsonBody.Ok(json => SearchJson.Write(json, found, Took(started), asInt, pitId: pit));
        }

        if (call.Text("scroll") is { } keepAlive)
        {
            return ScrollOpen(call, request, keepAlive, started, asInt);
        }

        var outcome = Searcher.Run(Views(call), request, Now);
        return JsonBody.Ok(json => SearchJson.Write(json, outcome, Took(started), asInt));
    }

    private ApiAnswer ScrollOpen(ApiCall call, SearchRequest request, string keepAlive, long started, bool asInt)
    {
        if (request.From > 0 || request.Size == 0 || request.SearchAfter is not null || request.CollapseField is not null)
        {
            throw DslException.Validation(request.Size == 0 ? "[size] cannot be [0] in a scroll context" : "using [from], [search_after] or [collapse] is not allowed in a scroll context");
        }

        var views = Views(call).ConvertAll(static v => v.Freeze());
        var outcome = Searcher.Run(views, request with { TrackTotalHits = -1 }, Now);
        var id = _contexts.Open(views, keepAlive, request with { TrackTotalHits = -1, From = request.Size, Aggregations = [] });
        return JsonBody.Ok(json => SearchJson.Write(json, outcome, Took(started), asInt, scrollId: id));
    }

    public ApiAnswer ScrollNext(ApiCall call)
    {
        call.Only("scroll", "scroll_id", "rest_total_hits_as_int");
        var (id, keepAlive) = ScrollBody(call);
        var started = _time.GetTimestamp();
        var context = _contexts.Find(id, isScroll: true, keepAlive);
        var request = context.Scroll!;
        var outcome = request.From >= Searcher.MaxWindow - request.Size ? Beyond(context, request) : Searcher.Run(context.Views, request, Now);
        context.Scroll = request with { From = request.From + request.Size };
        return JsonBody.Ok(json => SearchJson.Write(json, outcome, Took(started), call.Flag("rest_total_hits_as_int"), scrollId: id));
    }

    /// <summary>A scroll may go past the window that pages are bound to.</summary>
    private SearchOutcome Beyond(SearchContext context, SearchRequest request) => Searcher.Run(context.Views, request, Now, window: int.MaxValue);

    private static (string Id, string? KeepAlive) ScrollBody(ApiCall call)
    {
        var id = call.Parts.Length > 2 ? call.Parts[2] : call.Text("scroll_id");
        var keepAlive = call.Text("scroll");
        if (call.Json() is { } body)
        {
            foreach (var p in body.EnumerateObject())
            {
                switch (p.Name)
                {
                    case "scroll_id": id = DslJson.Texts(p.Value)[0]; break;
                    case "scroll": keepAlive = DslJson.Text(p.Value); break;
                    default: throw DslException.Argument($"Unknown parameter [{p.Name}] in request body or parameter is of the wrong type");
                }
            }
        }

        return id is null ? throw DslException.Validation("scrollId is missing") : (id, keepAlive);
    }

    public ApiAnswer ScrollClear(ApiCall call)
    {
        var ids = new List<string>();
        if (call.Parts.Length > 2)
        {
            ids.AddRange(call.Parts[2].Split(','));
        }

        if (call.Json() is { } body && body.TryGetProperty("scroll_id", out var named))
        {
            ids.AddRange(DslJson.Texts(named));
        }

        return Closed(ids);
    }

    public ApiAnswer PitOpen(ApiCall call)
    {
        call.Only("keep_alive", "ignore_unavailable", "allow_no_indices", "expand_wildcards", "preference", "routing", "allow_partial_search_results", "max_concurrent_shard_requests");
        var keepAlive = call.Text("keep_alive") ?? throw DslException.Validation("[keep_alive] is not specified");
        var views = Views(call).ConvertAll(static v => v.Freeze());
        var id = _contexts.Open(views, keepAlive);
        return JsonBody.Ok(json =>
        {
            json.WriteString("id", id);
            JsonBody.Shards(json, views.Count);
            json.WriteEndObject();
        });
    }

    public ApiAnswer PitClose(ApiCall call) => Closed(call.Json() is { } body && body.TryGetProperty("id", out var id) ? DslJson.Texts(id) : throw DslException.Validation("no point in time ids specified"));

    private ApiAnswer Closed(IReadOnlyList<string> ids)
    {
        var count = _contexts.Close(ids);
        return new(count > 0 ? 200 : 404, JsonBody.Write(json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("succeeded", true);
            json.WriteNumber("num_freed", count);
            json.WriteEndObject();
        }));
    }

    public ApiAnswer Count(ApiCall call)
    {
        call.Only("q", "df", "default_operator", "lenient", "analyze_wildcard", "analyzer", "ignore_unavailable", "allow_no_indices", "expand_wildcards", "ignore_throttled", "min_score", "preference", "routing", "terminate_after");
        QueryNode? query = null;
        foreach (var p in call.Json()?.EnumerateObject() ?? default)
        {
            query = p.Name == "query" && p.Value.ValueKind == JsonValueKind.Object ? QueryParser.Parse(p.Value) : throw DslException.Parsing($"request does not support [{p.Name}]");
        }

        if (call.Text("min_score") is not null)
        {
            throw DslException.NotSupported("parameter min_score");
        }

        query = call.Text("q") is { } text ? SearchParameters.Text(call, text) : query;
        var views = Views(call);
        var (count, failures) = Searcher.Count(views, query, Now, call.Int("terminate_after") ?? 0);
        return JsonBody.Ok(json =>
        {
            json.WriteNumber("count", count);
            JsonBody.Shards(json, views.Count, failures.Count);
            if (failures.Count > 0)
            {
                ErrorJson.Failures(json, "failures", failures);
            }

            json.WriteEndObject();
        });
    }

    public ApiAnswer Validate(ApiCall call)
    {
        call.Only("explain", "rewrite", "all_shards", "q", "df", "default_operator", "lenient", "analyze_wildcard", "analyzer", "ignore_unavailable", "allow_no_indices", "expand_wildcards");
        var views = Views(call);
        if (call.Flag("rewrite") || call.Text("q") is not null)
        {
            throw DslException.NotSupported("_validate rewrite");
        }

        (string Index, string Type, string Reason)? problem = null;
        try
        {
            var query = call.Json() is { } body && body.TryGetProperty("query", out var q) ? QueryParser.Parse(q) : new MatchAllQuery();
            if (call.Flag("explain"))
            {
                throw DslException.NotSupported("_validate explain");
            }

            foreach (var view in views)
            {
                new QueryCompiler(view, Now, scores: false).Compile(query);
            }
        }
        catch (DslException e) when (e.Type != "unsupported_operation_exception")
        {
            problem = (views.Count > 0 ? views[0].Index.Name : "", e.Type, e.Message);
        }

        return JsonBody.Ok(json =>
        {
            JsonBody.Shards(json, 1, skipped: false);
            json.WriteEndObject();
            json.WriteBoolean("valid", problem is null);
        });
    }

    /// <summary>Pairs of lines: where to search, and what. Each part has its own answer or error.</summary>
    public ApiAnswer MultiSearch(ApiCall call)
    {
        call.Only("rest_total_hits_as_int", "typed_keys", "max_concurrent_searches", "max_concurrent_shard_requests", "pre_filter_shard_size", "search_type", "ccs_minimize_roundtrips", "ignore_unavailable", "allow_no_indices", "expand_wildcards");
        var body = call.Body;
        if (body.IsEmpty)
        {
            throw DslException.Parsing("request body is required");
        }

        if (body.Span[^1] != '\n')
        {
            throw DslException.Argument("The msearch request must be terminated by a newline [\n]");
        }

        var lines = Encoding.UTF8.GetString(body.Span).Split('\n')[..^1];
        var parts = new List<(int Status, Action<Utf8JsonWriter> Write)>();
        var started = _time.GetTimestamp();
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].Trim().Length == 0 && i == lines.Length - 1)
            {
                break;
            }

            var header = Header(lines[i], call);
            if (++i >= lines.Length)
            {
                throw DslException.Validation("no requests added");
            }

            if (parts.Count >= MaxParts)
            {
                throw DslException.Argument($"more than {MaxParts} searches in one request");
            }

            parts.Add(Part(header, lines[i], call.Flag("rest_total_hits_as_int"), call.Flag("typed_keys")));
        }

        if (parts.Count == 0)
        {
            throw DslException.Validation("no requests added");
        }

        return JsonBody.Ok(json =>
        {
            json.WriteNumber("took", Took(started));
            json.WriteStartArray("responses");
            foreach (var (status, write) in parts)
            {
                json.WriteStartObject();
                write(json);
                json.WriteNumber("status", status);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
    }

    private static (string Index, bool IgnoreUnavailable, bool AllowNone) Header(string line, ApiCall call)
    {
        var index = call.Parts is [var named, "_msearch"] ? named : "_all";
        var ignoreUnavailable = call.Flag("ignore_unavailable");
        var allowNone = call.Flag("allow_no_indices", true);
        if (line.Trim().Length == 0)
        {
            return (index, ignoreUnavailable, allowNone);
        }

        foreach (var p in DslJson.Parse(Encoding.UTF8.GetBytes(line)).EnumerateObject())
        {
            switch (p.Name)
            {
                case "index" or "indices": index = string.Join(',', DslJson.Texts(p.Value)); break;
                case "ignore_unavailable": ignoreUnavailable = DslJson.Flag(p.Value); break;
                case "allow_no_indices": allowNone = DslJson.Flag(p.Value); break;
                case "preference" or "routing" or "request_cache" or "expand_wildcards" or "ccs_minimize_roundtrips" or "allow_partial_search_results": break;
                case "search_type" when DslJson.Text(p.Value) == "query_then_fetch": break;
                case "search_type": throw DslException.NotSupported("search_type");
                default: throw DslException.Argument($"key [{p.Name}] is not supported in the metadata section");
            }
        }

        return (index, ignoreUnavailable, allowNone);
    }

    private (int Status, Action<Utf8JsonWriter> Write) Part((string Index, bool IgnoreUnavailable, bool AllowNone) header, string line, bool asInt, bool typed)
    {
        var request = SearchRequestParser.Parse(DslJson.Parse(Encoding.UTF8.GetBytes(line)));
        request = request with { TrackTotalHits = asInt ? -1 : request.TrackTotalHits, TypedKeys = typed };
        try
        {
            var started = _time.GetTimestamp();
            var outcome = Searcher.Run(Views(header.Index, header.IgnoreUnavailable, header.AllowNone), request, Now);
            return (200, json => SearchJson.Write(json, outcome, Took(started), asInt));
        }
        catch (SearchFailedException e)
        {
            return (ErrorJson.StatusOf(e), json =>
            {
                json.WritePropertyName("error");
                ErrorJson.Body(json, e);
            });
        }
        catch (DslException e)
        {
            return (e.Status, json =>
            {
                json.WritePropertyName("error");
                ErrorJson.Body(json, e);
            });
        }
    }

    private long Took(long started) => (long)_time.GetElapsedTime(started).TotalMilliseconds;
}
