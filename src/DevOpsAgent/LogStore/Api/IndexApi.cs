using System.Globalization;
using System.Text;
using System.Text.Json;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Analysis;
using DevOpsAgent.LogStore.Mapping;
using DevOpsAgent.LogStore.Search;

namespace DevOpsAgent.LogStore.Api;

/// <summary>Indexes themselves: creating and deleting, mappings, aliases, and what tools ask before they search.</summary>
internal sealed class IndexApi
{
    private readonly IndexCatalog _catalog;

    public IndexApi(IndexCatalog catalog) => _catalog = catalog;

    private List<IndexView> Views(ApiCall call) => _catalog.Resolve(call.Parts.Length > 0 && !call.Parts[0].StartsWith('_') ? call.Parts[0] : "_all", call.Flag("ignore_unavailable"), call.Flag("allow_no_indices", true));

    public ApiAnswer Create(ApiCall call)
    {
        call.Only("wait_for_active_shards", "timeout", "master_timeout");
        var body = call.Json();
        if (Shards(body) > 1)
        {
            throw DslException.NotSupported("number_of_shards above 1");
        }

        var name = call.Parts[0];
        var index = _catalog.Create(name);
        try
        {
            foreach (var p in body?.EnumerateObject() ?? default)
            {
                switch (p.Name)
                {
                    case "mappings": index.Mapping.Merge(p.Value); break;
                    case "settings": break;
                    case "aliases": AddAliases(name, p.Value); break;
                    default: throw DslException.Parsing($"unknown key [{p.Name}] for create index");
                }
            }
        }
        catch
        {
            _catalog.Delete(name);
            throw;
        }

        return JsonBody.Ok(json =>
        {
            json.WriteBoolean("acknowledged", true);
            json.WriteBoolean("shards_acknowledged", true);
            json.WriteString("index", name);
        });
    }

    private static int Shards(JsonElement? body)
    {
        if (body is not { ValueKind: JsonValueKind.Object } found || !found.TryGetProperty("settings", out var settings))
        {
            return 1;
        }

        foreach (var path in new[] { "index.number_of_shards", "number_of_shards" })
        {
            var values = new List<JsonElement>();
            FieldFetch.Values(settings, path.Split('.'), 0, values);
            if (values.Count > 0)
            {
                return DslJson.Int(values[0]);
            }
        }

        return 1;
    }

    private void AddAliases(string index, JsonElement aliases)
    {
        foreach (var p in aliases.EnumerateObject())
        {
            JsonElement? filter = null;
            foreach (var o in p.Value.EnumerateObject())
            {
                switch (o.Name)
                {
                    case "filter": filter = o.Value; break;
                    case "is_write_index" or "is_hidden": break;
                    default: throw DslException.NotSupported($"alias {o.Name}");
                }
            }

            _catalog.AddAlias(p.Name, new(index, filter is { } f ? QueryParser.Parse(f) : null, filter));
        }
    }

    public ApiAnswer Delete(ApiCall call)
    {
        var names = call.Parts[0].Split(',');
        if (names.Any(static n => n == "_all" || NamePattern.HasWildcard(n)))
        {
            throw DslException.Argument("Wildcard expressions or all indices are not allowed");
        }

        foreach (var name in names)
        {
            if (_catalog.Aliases.ContainsKey(name))
            {
                throw DslException.Argument($"The provided expression [{name}] matches an alias, specify the corresponding concrete indices instead.");
            }

            if (!_catalog.Indexes.ContainsKey(name) && !call.Flag("ignore_unavailable"))
            {
                throw IndexCatalog.NotFound(name);
            }
        }

        foreach (var name in names)
        {
            _catalog.Delete(name);
        }

        return JsonBody.Ok(static json => json.WriteBoolean("acknowledged", true));
    }

    public ApiAnswer Exists(ApiCall call)
    {
        try
        {
            return new(_catalog.Resolve(call.Parts[0], false, false).Count > 0 ? 200 : 404, []);
        }
        catch (DslException)
        {
            return new(404, []);
        }
    }

    public ApiAnswer Get(ApiCall call) => JsonBody.Ok(json =>
    {
        foreach (var view in Views(call))
        {
            json.WriteStartObject(view.Index.Name);
            WriteAliases(json, view.Index.Name, null);
            json.WritePropertyName("mappings");
            MappingJson.Write(json, view.Index.Mapping);
            SettingsJson.Write(json, view.Index, null, flat: false);
            json.WriteEndObject();
        }
    });

    public ApiAnswer Mapping(ApiCall call)
    {
        call.Only("ignore_unavailable", "allow_no_indices", "expand_wildcards", "master_timeout", "local");
        return JsonBody.Ok(json =>
        {
            foreach (var view in Views(call))
            {
                json.WriteStartObject(view.Index.Name);
                json.WritePropertyName("mappings");
                MappingJson.Write(json, view.Index.Mapping);
                json.WriteEndObject();
            }
        });
    }

    public ApiAnswer PutMapping(ApiCall call)
    {
        var body = call.Json() ?? throw DslException.Parsing("request body is required");
        foreach (var view in Views(call))
        {
            view.Index.Mapping.Merge(body);
            view.Index.Refresh();
        }

        return JsonBody.Ok(static json => json.WriteBoolean("acknowledged", true));
    }

    public ApiAnswer FieldMapping(ApiCall call)
    {
        call.Only("ignore_unavailable", "allow_no_indices", "expand_wildcards", "include_defaults", "local");
        var patterns = call.Parts[^1].Split(',');
        return JsonBody.Ok(json =>
        {
            foreach (var view in Views(call))
            {
                json.WriteStartObject(view.Index.Name);
                json.WriteStartObject("mappings");
                foreach (var field in view.Index.Mapping.Fields.Values.Where(f => patterns.Any(p => NamePattern.IsMatch(p, f.Name))))
                {
                    json.WriteStartObject(field.Name);
                    json.WriteString("full_name", field.Name);
                    json.WriteStartObject("mapping");
                    json.WritePropertyName(field.Name[(field.Name.LastIndexOf('.') + 1)..]);
                    MappingJson.Field(json, field);
                    json.WriteEndObject();
                    json.WriteEndObject();
                }

                json.WriteEndObject();
                json.WriteEndObject();
            }
        });
    }

    public ApiAnswer FieldCaps(ApiCall call)
    {
        call.Only("fields", "ignore_unavailable", "allow_no_indices", "expand_wildcards", "include_unmapped", "filters", "types", "include_empty_fields");
        if (call.Text("filters") is not null || call.Text("types") is not null || call.Flag("include_unmapped") || !call.Flag("include_empty_fields", true))
        {
            throw DslException.NotSupported("_field_caps filters");
        }

        var fields = call.Text("fields")?.Split(',');
        foreach (var p in call.Json()?.EnumerateObject() ?? default)
        {
            fields = p.Name == "fields" ? [.. DslJson.Texts(p.Value)] : throw DslException.NotSupported($"_field_caps {p.Name}");
        }

        return fields is null ? throw DslException.Validation("no fields specified") : JsonBody.Ok(json => FieldCapsJson.Write(json, Views(call), fields));
    }

    public ApiAnswer Alias(ApiCall call)
    {
        call.Only("ignore_unavailable", "allow_no_indices", "expand_wildcards", "local", "master_timeout");
        var named = call.Parts[^1] == "_alias" ? null : call.Parts[^1].Split(',');
        if (named is not null && named.Any(n => !NamePattern.HasWildcard(n) && !_catalog.Aliases.ContainsKey(n)))
        {
            throw new DslException("aliases_not_found_exception", $"aliases [{string.Join(",", named)}] missing", 404);
        }

        return JsonBody.Ok(json =>
        {
            foreach (var view in Views(call))
            {
                var has = _catalog.Aliases.Any(a => a.Value.Exists(t => t.Index == view.Index.Name) && (named is null || named.Any(n => NamePattern.IsMatch(n, a.Key))));
                if (named is null || has)
                {
                    json.WriteStartObject(view.Index.Name);
                    WriteAliases(json, view.Index.Name, named);
                    json.WriteEndObject();
                }
            }
        });
    }

    private void WriteAliases(Utf8JsonWriter json, string index, string[]? named)
    {
        json.WriteStartObject("aliases");
        foreach (var (alias, targets) in _catalog.Aliases)
        {
            if (targets.Find(t => t.Index == index) is { } target && (named is null || named.Any(n => NamePattern.IsMatch(n, alias))))
            {
                json.WriteStartObject(alias);
                if (target.FilterJson is { } filter)
                {
                    json.WritePropertyName("filter");
                    filter.WriteTo(json);
                }

                json.WriteEndObject();
            }
        }

        json.WriteEndObject();
    }

    public ApiAnswer Settings(ApiCall call)
    {
        call.Only("ignore_unavailable", "allow_no_indices", "expand_wildcards", "flat_settings", "include_defaults", "local", "master_timeout");
        var pattern = call.Parts[^1] == "_settings" ? null : call.Parts[^1];
        return JsonBody.Ok(json =>
        {
            foreach (var view in Views(call))
            {
                json.WriteStartObject(view.Index.Name);
                SettingsJson.Write(json, view.Index, pattern, call.Flag("flat_settings"));
                json.WriteEndObject();
            }
        });
    }

    public ApiAnswer Resolve(ApiCall call) => JsonBody.Ok(json =>
    {
        var pattern = call.Parts[2];
        json.WriteStartArray("indices");
        foreach (var index in _catalog.Resolve(pattern).Select(static v => v.Index.Name))
        {
            json.WriteStartObject();
            json.WriteString("name", index);
            var aliases = _catalog.Aliases.Where(a => a.Value.Exists(t => t.Index == index)).Select(static a => a.Key).ToList();
            if (aliases.Count > 0)
            {
                json.WriteStartArray("aliases");
                aliases.ForEach(json.WriteStringValue);
                json.WriteEndArray();
            }

            json.WriteStartArray("attributes");
            json.WriteStringValue("open");
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("aliases");
        foreach (var (alias, targets) in _catalog.Aliases.Where(a => pattern.Split(',').Any(p => NamePattern.IsMatch(p, a.Key))))
        {
            json.WriteStartObject();
            json.WriteString("name", alias);
            json.WriteStartArray("indices");
            targets.ForEach(t => json.WriteStringValue(t.Index));
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("data_streams");
        json.WriteEndArray();
    });

    public ApiAnswer CatIndices(ApiCall call)
    {
        call.Only("v", "h", "s", "help", "bytes", "health", "pri", "time", "expand_wildcards", "include_unloaded_segments");
        var views = _catalog.Resolve(call.Parts.Length > 2 ? call.Parts[2] : "_all");
        return CatTable.Answer(call, ["health", "status", "index", "uuid", "pri", "rep", "docs.count", "docs.deleted", "store.size", "pri.store.size", "dataset.size"], ["pri", "rep", "docs.count", "docs.deleted", "store.size", "pri.store.size", "dataset.size"],
            [.. views.Select(static v => new[] { "green", "open", v.Index.Name, v.Index.Uuid, "1", "0", v.Index.Count.ToString(CultureInfo.InvariantCulture),
                v.Index.Segments.Sum(static s => s.Count - s.LiveCount).ToString(CultureInfo.InvariantCulture), "0b", "0b", "0b" })]);
    }

    public ApiAnswer CatAliases(ApiCall call)
    {
        call.Only("v", "h", "s", "help", "local", "expand_wildcards");
        return CatTable.Answer(call, ["alias", "index", "filter", "routing.index", "routing.search", "is_write_index"], [],
            [.. _catalog.Aliases.SelectMany(static a => a.Value.Select(t => new[] { a.Key, t.Index, t.Filter is null ? "-" : "*", "-", "-", "-" }))]);
    }

    public ApiAnswer CatCount(ApiCall call)
    {
        call.Only("v", "h", "s", "help");
        var count = _catalog.Resolve(call.Parts.Length > 2 ? call.Parts[2] : "_all").Sum(static v => (long)v.Index.Count);
        return CatTable.Answer(call, ["epoch", "timestamp", "count"], [], [["0", "00:00:00", count.ToString(CultureInfo.InvariantCulture)]]);
    }

    public ApiAnswer Health(ApiCall call)
    {
        var count = call.Parts.Length > 2 ? _catalog.Resolve(call.Parts[2]).Count : _catalog.Indexes.Count;
        return JsonBody.Ok(json =>
        {
            json.WriteString("cluster_name", "devops-agent");
            json.WriteString("status", "green");
            json.WriteBoolean("timed_out", false);
            json.WriteNumber("number_of_nodes", 1);
            json.WriteNumber("number_of_data_nodes", 1);
            json.WriteNumber("active_primary_shards", count);
            json.WriteNumber("active_shards", count);
            foreach (var zero in new[] { "relocating_shards", "initializing_shards", "unassigned_shards", "unassigned_primary_shards", "delayed_unassigned_shards", "number_of_pending_tasks", "number_of_in_flight_fetch", "task_max_waiting_in_queue_millis" })
            {
                json.WriteNumber(zero, 0);
            }

            json.WritePropertyName("active_shards_percent_as_number");
            json.WriteRawValue("100.0");
        });
    }

    public ApiAnswer Analyze(ApiCall call)
    {
        var body = call.Json() ?? throw DslException.Validation("text is missing");
        IReadOnlyList<string>? texts = null;
        var isKeyword = false;
        foreach (var p in body.EnumerateObject())
        {
            switch (p.Name)
            {
                case "text": texts = DslJson.Texts(p.Value); break;
                case "field":
                    isKeyword = Views(call).Select(v => v.Find(DslJson.Text(p.Value))).FirstOrDefault() is { Type: not FieldType.Text };
                    break;
                case "analyzer": isKeyword = DslJson.Text(p.Value) switch { "standard" => false, "keyword" => true, var other => throw DslException.NotSupported($"analyzer {other}") }; break;
                default: throw DslException.NotSupported($"_analyze {p.Name}");
            }
        }

        return texts is null ? throw DslException.Validation("text is missing") : JsonBody.Ok(json => AnalyzeJson.Write(json, texts, isKeyword));
    }
}
