using System.Text.Json;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Api;

/// <summary>One write: index, create, update or delete.</summary>
internal sealed record WriteAction(string Kind, string Index, string? Id, bool MustBeNew)
{
    public bool IsGenerated => Id is null;
}

/// <summary>What became of it.</summary>
internal sealed record WriteResult(WriteAction Action, int Status, string? Result, long Version, long Sequence)
{
    public DslException? Error { get; init; }

    public void Write(Utf8JsonWriter json, bool refreshed)
    {
        json.WriteString("_index", Action.Index);
        json.WriteString("_id", Action.Id);
        if (Error is not null)
        {
            return;
        }

        json.WriteNumber("_version", Version);
        json.WriteString("result", Result);
        if (refreshed)
        {
            json.WriteBoolean("forced_refresh", true);
        }

        JsonBody.Shards(json, Result == "noop" ? 0 : 1, skipped: false);
        json.WriteEndObject();
        json.WriteNumber("_seq_no", Sequence);
        json.WriteNumber("_primary_term", 1);
    }

    public void WriteError(Utf8JsonWriter json)
    {
        json.WriteStartObject("error");
        if (Error!.Type == "version_conflict_engine_exception")
        {
            Conflict(json, Error, Action.Index);
        }
        else
        {
            json.WriteString("type", Error.Type);
            json.WriteString("reason", Error.Message);
            if (Error.Cause is { } cause)
            {
                json.WritePropertyName("caused_by");
                ErrorJson.Plain(json, cause, null, withCause: true);
            }
        }

        json.WriteEndObject();
    }

    public static void Conflict(Utf8JsonWriter json, DslException error, string index)
    {
        json.WriteString("type", error.Type);
        json.WriteString("reason", error.Message);
        json.WriteString("index_uuid", "_na_");
        json.WriteString("shard", "0");
        json.WriteString("index", index);
    }
}
