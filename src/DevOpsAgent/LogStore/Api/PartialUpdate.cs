using System.Text.Json;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Documents;

namespace DevOpsAgent.LogStore.Api;

/// <summary><c>_update</c> with a part of a document: objects are merged, everything else is replaced.</summary>
internal static class PartialUpdate
{
    public static WriteResult Apply(LogIndex index, WriteAction action, DocumentPlace? old, ReadOnlyMemory<byte> body)
    {
        JsonElement? part = null;
        JsonElement? upsert = null;
        var asUpsert = false;
        foreach (var p in DslJson.Parse(body).EnumerateObject())
        {
            switch (p.Name)
            {
                case "doc": part = p.Value; break;
                case "upsert": upsert = p.Value; break;
                case "doc_as_upsert": asUpsert = DslJson.Flag(p.Value); break;
                case "detect_noop": DslJson.Flag(p.Value); break;
                case "script" or "scripted_upsert": throw DslException.NotSupported("script");
                default: throw DslException.Content($"[UpdateRequest] unknown field [{p.Name}]");
            }
        }

        if (old is not { } known)
        {
            var made = asUpsert ? part : upsert;
            if (made is not { } document)
            {
                throw new DslException("document_missing_exception", $"[{action.Id}]: document missing", 404);
            }

            var created = index.Append(JsonSerializer.SerializeToUtf8Bytes(document), action.Id!);
            return new(action, 201, "created", created.Version, created.Sequence);
        }

        if (part is not { } changes)
        {
            throw DslException.Validation("script or doc is missing");
        }

        var before = DocumentSource.Of(known.Segment, known.Doc);
        using var source = JsonDocument.Parse(before);
        var merged = JsonBody.Write(json => Merge(json, source.RootElement, changes));
        if (merged.AsSpan().SequenceEqual(JsonBody.Write(source.RootElement.WriteTo)))
        {
            return new(action, 200, "noop", known.Version, known.Sequence);
        }

        var place = index.Update(known, merged, action.Id!);
        return new(action, 200, "updated", place.Version, place.Sequence);
    }

    private static void Merge(Utf8JsonWriter json, JsonElement old, JsonElement changes)
    {
        json.WriteStartObject();
        foreach (var p in old.EnumerateObject())
        {
            if (!changes.TryGetProperty(p.Name, out var change))
            {
                p.WriteTo(json);
                continue;
            }

            json.WritePropertyName(p.Name);
            if (change.ValueKind == JsonValueKind.Object && p.Value.ValueKind == JsonValueKind.Object)
            {
                Merge(json, p.Value, change);
            }
            else
            {
                change.WriteTo(json);
            }
        }

        foreach (var p in changes.EnumerateObject())
        {
            if (!old.TryGetProperty(p.Name, out _))
            {
                p.WriteTo(json);
            }
        }

        json.WriteEndObject();
    }
}
