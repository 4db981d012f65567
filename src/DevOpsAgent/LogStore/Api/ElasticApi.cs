using System.Text.Json;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Search;

namespace DevOpsAgent.LogStore.Api;

/// <summary>
/// Elasticsearch's REST API over the embedded store, for the part of it that the store answers. Anything else is refused in
/// Elasticsearch's own error form. Never throws.
/// </summary>
internal sealed class ElasticApi
{
    private readonly IndexCatalog _catalog;
    private readonly SearchApi _search;
    private readonly DocumentApi _documents;
    private readonly IndexApi _indexes;

    public ElasticApi(IndexCatalog catalog, TimeProvider time, bool allowWrites = true)
    {
        _catalog = catalog;
        AllowWrites = allowWrites;
        _search = new(catalog, time);
        _documents = new(catalog);
        _indexes = new(catalog);
    }

    /// <summary>False: documents and indexes can only be read.</summary>
    public bool AllowWrites { get; }

    public ApiAnswer Handle(ApiCall call)
    {
        ApiAnswer answer;
        try
        {
            answer = CheckContentType(call) ?? Route(call);
        }
        catch (SearchFailedException e)
        {
            answer = ErrorJson.Of(e);
        }
        catch (DslException e)
        {
            answer = ErrorJson.Of(e);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or KeyNotFoundException or ArgumentException or OverflowException or IOException or UriFormatException or NotSupportedException or IndexOutOfRangeException)
        {
            // A shape of request that no reader above expected: JsonElement says InvalidOperation when a value has another kind.
            answer = ErrorJson.Of(DslException.Parsing($"request can't be read: {e.Message}"));
        }

        return call.Text("filter_path") is { Length: > 0 } filter && answer.ContentType == "application/json" && answer.Body.Length > 0
            ? answer with { Body = FilterPath.Apply(answer.Body, filter) } : answer;
    }

    private static ApiAnswer? CheckContentType(ApiCall call)
    {
        if (call.Body.IsEmpty)
        {
            return null;
        }

        var type = call.ContentType?.Split(';')[0].Trim().ToLowerInvariant();
        return type is "application/json" or "application/x-ndjson" or "application/vnd.elasticsearch+json" or "application/vnd.elasticsearch+x-ndjson" ? null
            : ErrorJson.Text(406, type is null ? "Content-Type header is missing" : $"Content-Type header [{call.ContentType}] is not supported");
    }

    private ApiAnswer Route(ApiCall call)
    {
        var table = Candidates(call.Parts);
        foreach (var (methods, run, writes) in table)
        {
            if (!methods.Contains(call.Method, StringComparer.Ordinal))
            {
                continue;
            }

            if (writes && !AllowWrites)
            {
                throw new DslException("security_exception", $"[{call.Method} {call.Path}] writes, and this store is read-only here", 403);
            }

            return Locked(call, run, writes);
        }

        return table.Count > 0
            ? ErrorJson.Text(405, $"Incorrect HTTP method for uri [{call.Path}] and method [{call.Method}], allowed: [{string.Join(", ", table.SelectMany(static t => t.Methods).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))}]")
            : new(400, JsonBody.Write(json =>
            {
                json.WriteStartObject();
                json.WriteString("error", $"no handler found for uri [{call.Path}] and method [{call.Method}]");
                json.WriteEndObject();
            }));
    }

    private ApiAnswer Locked(ApiCall call, Func<ApiCall, ApiAnswer> run, bool writes)
    {
        if (writes)
        {
            _catalog.Lock.EnterWriteLock();
        }
        else
        {
            _catalog.Lock.EnterReadLock();
        }

        try
        {
            return run(call);
        }
        finally
        {
            if (writes)
            {
                _catalog.Lock.ExitWriteLock();
            }
            else
            {
                _catalog.Lock.ExitReadLock();
            }
        }
    }

    private static readonly string[] GetPost = ["GET", "POST"];
    private static readonly string[] Get = ["GET"];
    private static readonly string[] PutPost = ["PUT", "POST"];

    private List<(string[] Methods, Func<ApiCall, ApiAnswer> Run, bool Writes)> Candidates(string[] parts) => parts switch
    {
        [] => [(["GET", "HEAD"], _ => Root(), false)],
        ["_search"] or [_, "_search"] when parts.Length == 1 || !parts[0].StartsWith('_') || parts[0] == "_all" => [(GetPost, _search.Search, false)],
        ["_search", "scroll"] or ["_search", "scroll", _] => [(GetPost, _search.ScrollNext, false), (["DELETE"], _search.ScrollClear, false)],
        ["_msearch"] or [_, "_msearch"] => [(GetPost, _search.MultiSearch, false)],
        ["_count"] or [_, "_count"] => [(GetPost, _search.Count, false)],
        ["_validate", "query"] or [_, "_validate", "query"] => [(GetPost, _search.Validate, false)],
        ["_pit"] => [(["DELETE"], _search.PitClose, false)],
        [_, "_pit"] => [(["POST"], _search.PitOpen, false)],
        ["_field_caps"] or [_, "_field_caps"] => [(GetPost, _indexes.FieldCaps, false)],
        ["_mapping"] or ["_mappings"] or [_, "_mapping"] or [_, "_mappings"] => [(Get, _indexes.Mapping, false), (PutPost, _indexes.PutMapping, true)],
        ["_mapping", "field", _] or [_, "_mapping", "field", _] => [(Get, _indexes.FieldMapping, false)],
        ["_alias"] or [_, "_alias"] or ["_alias", _] or [_, "_alias", _] => [(["GET", "HEAD"], _indexes.Alias, false)],
        ["_settings"] or [_, "_settings"] or [_, "_settings", _] => [(Get, _indexes.Settings, false)],
        ["_resolve", "index", _] => [(Get, _indexes.Resolve, false)],
        ["_cat", "indices"] or ["_cat", "indices", _] => [(Get, _indexes.CatIndices, false)],
        ["_cat", "aliases"] or ["_cat", "aliases", _] => [(Get, _indexes.CatAliases, false)],
        ["_cat", "count"] or ["_cat", "count", _] => [(Get, _indexes.CatCount, false)],
        ["_cluster", "health"] or ["_cluster", "health", _] => [(Get, _indexes.Health, false)],
        ["_analyze"] or [_, "_analyze"] => [(GetPost, _indexes.Analyze, false)],
        ["_bulk"] or [_, "_bulk"] => [(PutPost, _documents.Bulk, true)],
        ["_refresh"] or [_, "_refresh"] or ["_flush"] or [_, "_flush"] => [(GetPost, _documents.Refresh, false)],
        ["_mget"] or [_, "_mget"] => [(GetPost, _documents.MultiGet, false)],
        [_, "_doc", _] => [(["GET", "HEAD"], _documents.Get, false), (PutPost, _documents.Index, true), (["DELETE"], _documents.Delete, true)],
        [_, "_doc"] => [(["POST"], _documents.Index, true)],
        [_, "_create", _] => [(PutPost, _documents.Create, true)],
        [_, "_update", _] => [(["POST"], _documents.Update, true)],
        [_, "_source", _] => [(["GET", "HEAD"], _documents.Source, false)],
        [var index] when !index.StartsWith('_') || index == "_all" => [(["GET"], _indexes.Get, false), (["HEAD"], _indexes.Exists, false), (["PUT"], _indexes.Create, true), (["DELETE"], _indexes.Delete, true)],
        _ => [],
    };

    private static ApiAnswer Root() =>
        JsonBody.Ok(static json =>
        {
            json.WriteString("name", "devops-agent");
            json.WriteString("cluster_name", "devops-agent");
            json.WriteString("cluster_uuid", "_na_");
            json.WriteStartObject("version");
            json.WriteString("number", "8.19.0");
            json.WriteString("build_flavor", "default");
            json.WriteString("build_type", "embedded");
            json.WriteString("lucene_version", "9.12.2");
            json.WriteString("minimum_wire_compatibility_version", "7.17.0");
            json.WriteString("minimum_index_compatibility_version", "7.0.0");
            json.WriteEndObject();
            json.WriteString("tagline", "You Know, for Search");
        });
}
