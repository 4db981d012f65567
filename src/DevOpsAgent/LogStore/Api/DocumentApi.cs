using System.Text;
using System.Text.Json;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Documents;
using DevOpsAgent.LogStore.Search;

namespace DevOpsAgent.LogStore.Api;

/// <summary>Documents one by one and in bulk.</summary>
internal sealed class DocumentApi
{
    private readonly IndexCatalog _catalog;

    public DocumentApi(IndexCatalog catalog) => _catalog = catalog;

    public ApiAnswer Get(ApiCall call)
    {
        call.Only("_source", "_source_includes", "_source_excludes", "realtime", "refresh", "routing", "preference", "version");
        var index = _catalog.Single(call.Parts[0]);
        var place = index.Find(call.Parts[2]);
        var source = SearchParameters.Source(call, SourceFilter.All);
        return new(place is null ? 404 : 200, call.Method == "HEAD" ? [] : JsonBody.Write(json => Found(json, index, call.Parts[2], place, source)));
    }

    private static void Found(Utf8JsonWriter json, LogIndex index, string id, DocumentPlace? place, SourceFilter source)
    {
        json.WriteStartObject();
        json.WriteString("_index", index.Name);
        json.WriteString("_id", id);
        if (place is { } found)
        {
            json.WriteNumber("_version", found.Version);
            json.WriteNumber("_seq_no", found.Sequence);
            json.WriteNumber("_primary_term", 1);
            json.WriteBoolean("found", true);
            if (source.Fetch)
            {
                json.WritePropertyName("_source");
                SourcePick.Write(json, DocumentSource.Of(found.Segment, found.Doc), source);
            }
        }
        else
        {
            json.WriteBoolean("found", false);
        }

        json.WriteEndObject();
    }

    public ApiAnswer Source(ApiCall call)
    {
        call.Only("_source", "_source_includes", "_source_excludes", "realtime", "refresh", "routing", "preference");
        var place = _catalog.Single(call.Parts[0]).Find(call.Parts[2]);
        return place is not { } found ? ErrorJson.Of(new DslException("resource_not_found_exception", $"Document not found [{call.Parts[0]}]/[{call.Parts[2]}]", 404))
            : new(200, call.Method == "HEAD" ? [] : JsonBody.Write(json => SourcePick.Write(json, DocumentSource.Of(found.Segment, found.Doc), SearchParameters.Source(call, SourceFilter.All))));
    }

    public ApiAnswer MultiGet(ApiCall call)
    {
        call.Only("_source", "_source_includes", "_source_excludes", "realtime", "refresh", "routing", "preference");
        var body = call.Json() ?? throw DslException.Parsing("request body is required");
        var source = SearchParameters.Source(call, SourceFilter.All);
        var wanted = new List<(string Index, string Id, SourceFilter Source)>();
        var outer = call.Parts is [var named, "_mget"] ? named : null;
        foreach (var p in body.EnumerateObject())
        {
            if (p.Name == "ids")
            {
                wanted.AddRange(DslJson.Texts(p.Value).Select(id => (outer ?? throw DslException.Validation("index is missing for doc 0"), id, source)));
            }
            else if (p.Name == "docs")
            {
                wanted.AddRange(p.Value.EnumerateArray().Select(d => (d.TryGetProperty("_index", out var i) ? DslJson.Text(i) : outer ?? throw DslException.Validation("index is missing for doc 0"),
                    DslJson.Text(d.GetProperty("_id")), d.TryGetProperty("_source", out var s) ? SearchRequestParser.Source(s) : source)));
            }
            else
            {
                throw DslException.Parsing($"unknown key [{p.Name}] for a {DslJson.TokenName(p.Value)}, expected [docs] or [ids]");
            }
        }

        return JsonBody.Ok(json =>
        {
            json.WriteStartArray("docs");
            foreach (var (name, id, filter) in wanted)
            {
                try
                {
                    var index = _catalog.Single(name);
                    Found(json, index, id, index.Find(id), filter);
                }
                catch (DslException e)
                {
                    json.WriteStartObject();
                    json.WriteString("_index", name);
                    json.WriteString("_id", id);
                    json.WritePropertyName("error");
                    ErrorJson.Body(json, e);
                    json.WriteEndObject();
                }
            }

            json.WriteEndArray();
        });
    }

    public ApiAnswer Refresh(ApiCall call)
    {
        var count = call.Parts[0].StartsWith('_') ? _catalog.Indexes.Count : _catalog.Resolve(call.Parts[0]).Count;
        return JsonBody.Ok(json =>
        {
            JsonBody.Shards(json, count, skipped: false);
            json.WriteEndObject();
        });
    }

    public ApiAnswer Index(ApiCall call) => One(call, new("index", call.Parts[0], call.Parts.Length > 2 ? call.Parts[2] : null, call.Text("op_type") == "create"));

    public ApiAnswer Create(ApiCall call) => One(call, new("create", call.Parts[0], call.Parts[2], true));

    public ApiAnswer Update(ApiCall call) => One(call, new("update", call.Parts[0], call.Parts[2], false));

    public ApiAnswer Delete(ApiCall call) => One(call, new("delete", call.Parts[0], call.Parts[2], false));

    private ApiAnswer One(ApiCall call, WriteAction action)
    {
        call.Only("refresh", "timeout", "wait_for_active_shards", "op_type", "routing", "require_alias", "_source");
        if (call.Body.IsEmpty && action.Kind != "delete")
        {
            throw DslException.Validation("source is missing");
        }

        var result = Apply(action, call.Body);
        return result.Error is { } error
            ? error.Type == "version_conflict_engine_exception" ? Conflict(error, action) : ErrorJson.Of(error)
            : new(result.Status, JsonBody.Write(json =>
            {
                json.WriteStartObject();
                result.Write(json, call.Text("refresh") is "true" or "");
                json.WriteEndObject();
            }));
    }

    private static ApiAnswer Conflict(DslException error, WriteAction action) => new(409, JsonBody.Write(json =>
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteStartArray("root_cause");
        json.WriteStartObject();
        WriteResult.Conflict(json, error, action.Index);
        json.WriteEndObject();
        json.WriteEndArray();
        WriteResult.Conflict(json, error, action.Index);
        json.WriteEndObject();
        json.WriteNumber("status", 409);
        json.WriteEndObject();
    }));

    public ApiAnswer Bulk(ApiCall call)
    {
        call.Only("refresh", "timeout", "wait_for_active_shards", "routing", "require_alias", "_source", "_source_includes", "_source_excludes", "pipeline", "list_executed_pipelines", "require_data_stream");
        if (call.Text("pipeline") is not null)
        {
            throw DslException.NotSupported("pipeline");
        }

        var results = BulkReader.Read(call.Body, call.Parts is [var index, "_bulk"] ? index : null, Apply);
        var refresh = call.Text("refresh") is "true" or "";
        return JsonBody.Ok(json =>
        {
            json.WriteBoolean("errors", results.Any(static r => r.Error is not null));
            json.WriteNumber("took", 0);
            json.WriteStartArray("items");
            foreach (var result in results)
            {
                json.WriteStartObject();
                json.WriteStartObject(result.Action.Kind);
                result.Write(json, refresh && result.Error is null);
                json.WriteNumber("status", result.Error?.Status ?? result.Status);
                if (result.Error is not null)
                {
                    result.WriteError(json);
                }

                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
    }

    private WriteResult Apply(WriteAction action, ReadOnlyMemory<byte> source)
    {
        try
        {
            var index = action.Kind is "delete" or "update" || _catalog.Indexes.ContainsKey(action.Index) || _catalog.Aliases.ContainsKey(action.Index) ? _catalog.Single(action.Index) : _catalog.Create(action.Index);
            return Apply(index, action with { Index = index.Name }, source);
        }
        catch (DslException e)
        {
            return new(action, e.Status, null, 0, 0) { Error = e };
        }
    }

    private static WriteResult Apply(LogIndex index, WriteAction action, ReadOnlyMemory<byte> source)
    {
        var id = action.Id ?? DocumentId.New();
        action = action with { Id = id };
        if (Encoding.UTF8.GetByteCount(id) is 0 or > 512)
        {
            throw DslException.Validation($"id [{id[..Math.Min(id.Length, 64)]}] is too long or empty, must be no longer than 512 bytes");
        }

        var old = action.IsGenerated ? null : index.Find(id);
        try
        {
            switch (action.Kind)
            {
                case "delete":
                    if (old is not { } gone)
                    {
                        return new(action, 404, "not_found", 1, index.NextSequence++);
                    }

                    index.Delete(gone);
                    return new(action, 200, "deleted", gone.Version + 1, index.NextSequence - 1);
                case "update": return PartialUpdate.Apply(index, action, old, source);
                case "create" or "index" when old is { } known && (action.MustBeNew || action.Kind == "create"):
                    throw new DslException("version_conflict_engine_exception", $"[{id}]: version conflict, document already exists (current version [{known.Version}])", 409);
                default:
                    var place = old is { } replaced ? index.Update(replaced, source.Span, id) : index.Append(source.Span, id);
                    return new(action, old is null ? 201 : 200, old is null ? "created" : "updated", place.Version, place.Sequence);
            }
        }
        finally
        {
            index.Refresh();
        }
    }
}
