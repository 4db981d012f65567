using System.Text.Json;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Api;

/// <summary>The lines of a bulk request: an action, and for all but delete its document.</summary>
internal static class BulkReader
{
    public static List<WriteResult> Read(ReadOnlyMemory<byte> body, string? index, Func<WriteAction, ReadOnlyMemory<byte>, WriteResult> apply)
    {
        if (body.IsEmpty)
        {
            throw DslException.Parsing("request body is required");
        }

        if (body.Span[^1] != '\n')
        {
            throw DslException.Argument("The bulk request must be terminated by a newline [\\n]");
        }

        var results = new List<WriteResult>();
        var line = 0;
        while (TryLine(ref body, out var text))
        {
            line++;
            if (text.IsEmpty)
            {
                continue;
            }

            var action = Action(DslJson.Parse(text), index, line);
            ReadOnlyMemory<byte> source = default;
            if (action.Kind != "delete")
            {
                line++;
                if (!TryLine(ref body, out source))
                {
                    throw DslException.Argument("Malformed action/metadata line, expected a document behind it");
                }
            }

            results.Add(apply(action, source));
        }

        return results.Count > 0 ? results : throw DslException.Validation("no requests added");
    }

    private static bool TryLine(ref ReadOnlyMemory<byte> body, out ReadOnlyMemory<byte> line)
    {
        line = default;
        if (body.IsEmpty)
        {
            return false;
        }

        var end = body.Span.IndexOf((byte)'\n');
        line = end < 0 ? body : body[..end];
        body = end < 0 ? default : body[(end + 1)..];
        if (!line.IsEmpty && line.Span[^1] == '\r')
        {
            line = line[..^1];
        }

        return true;
    }

    private static WriteAction Action(JsonElement element, string? index, int line)
    {
        if (element.ValueKind != JsonValueKind.Object || element.EnumerateObject().Count() != 1 || element.EnumerateObject().First() is not { Value.ValueKind: JsonValueKind.Object } named)
        {
            throw DslException.Argument($"Malformed action/metadata line [{line}], expected START_OBJECT but found [{DslJson.TokenName(element)}]");
        }

        if (named.Name is not ("index" or "create" or "update" or "delete"))
        {
            throw DslException.Argument($"Malformed action/metadata line [{line}], expected field [create], [delete], [index] or [update] but found [{named.Name}]");
        }

        string? id = null;
        var create = named.Name == "create";
        foreach (var p in named.Value.EnumerateObject())
        {
            switch (p.Name)
            {
                case "_index": index = DslJson.Text(p.Value); break;
                case "_id": id = p.Value.ValueKind == JsonValueKind.Null ? null : DslJson.Text(p.Value); break;
                case "op_type": create = DslJson.Text(p.Value) == "create"; break;
                case "routing" or "require_alias" or "retry_on_conflict" or "list_executed_pipelines" or "dynamic_templates" or "require_data_stream": break;
                case "_source": break;
                default: throw DslException.Argument($"Action/metadata line [{line}] contains an unknown parameter [{p.Name}]");
            }
        }

        if (id is null && named.Name is "update" or "delete")
        {
            throw DslException.Validation("id is missing");
        }

        return new(named.Name, index ?? throw DslException.Validation("index is missing"), id, create);
    }
}
