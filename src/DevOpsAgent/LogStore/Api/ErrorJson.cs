using System.Text.Json;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Search;

namespace DevOpsAgent.LogStore.Api;

/// <summary>Errors in Elasticsearch's form.</summary>
internal static class ErrorJson
{
    public static ApiAnswer Of(DslException error) => new(error.Status, JsonBody.Write(json =>
    {
        json.WriteStartObject();
        json.WritePropertyName("error");
        Body(json, error);
        json.WriteNumber("status", error.Status);
        json.WriteEndObject();
    }));

    public static ApiAnswer Of(SearchFailedException failed)
    {
        var status = StatusOf(failed);
        return new(status, JsonBody.Write(json =>
        {
            json.WriteStartObject();
            json.WritePropertyName("error");
            Body(json, failed);
            json.WriteNumber("status", status);
            json.WriteEndObject();
        }));
    }

    public static int StatusOf(SearchFailedException failed) => failed.Failures.Max(static f => f.Error.Status);

    public static void Body(Utf8JsonWriter json, SearchFailedException failed)
    {
        json.WriteStartObject();
        json.WriteStartArray("root_cause");
        foreach (var (index, error) in failed.Failures)
        {
            Plain(json, error, index, withCause: false);
        }

        json.WriteEndArray();
        json.WriteString("type", "search_phase_execution_exception");
        json.WriteString("reason", "all shards failed");
        json.WriteString("phase", "query");
        json.WriteBoolean("grouped", true);
        Failures(json, "failed_shards", failed.Failures);
        json.WriteEndObject();
    }

    public static void Failures(Utf8JsonWriter json, string key, IReadOnlyList<(string Index, DslException Error)> failures)
    {
        json.WriteStartArray(key);
        foreach (var (index, error) in failures)
        {
            json.WriteStartObject();
            json.WriteNumber("shard", 0);
            json.WriteString("index", index);
            json.WriteString("node", "embedded");
            json.WritePropertyName("reason");
            Plain(json, error, index, withCause: true);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>The error object: type, reason, root cause and what lies below.</summary>
    public static void Body(Utf8JsonWriter json, DslException error)
    {
        json.WriteStartObject();
        if (error.OnReduce)
        {
            json.WriteStartArray("root_cause");
            json.WriteEndArray();
            json.WriteString("type", "search_phase_execution_exception");
            json.WriteString("reason", "");
            json.WriteString("phase", "fetch");
            json.WriteBoolean("grouped", true);
            json.WriteStartArray("failed_shards");
            json.WriteEndArray();
            json.WritePropertyName("caused_by");
            Plain(json, error, null, withCause: true);
            json.WriteEndObject();
            return;
        }

        json.WriteStartArray("root_cause");
        Plain(json, error, null, withCause: false);
        json.WriteEndArray();
        Inner(json, error, null, withCause: true);
        json.WriteEndObject();
    }

    public static void Plain(Utf8JsonWriter json, DslException error, string? index, bool withCause)
    {
        json.WriteStartObject();
        Inner(json, error, index, withCause);
        json.WriteEndObject();
    }

    private static void Inner(Utf8JsonWriter json, DslException error, string? index, bool withCause)
    {
        json.WriteString("type", error.Type);
        json.WriteString("reason", error.Message);
        if (index is not null && error.Type == "query_shard_exception")
        {
            json.WriteString("index_uuid", "_na_");
            json.WriteString("index", index);
        }

        if (withCause && error.Cause is { } cause)
        {
            json.WritePropertyName("caused_by");
            Plain(json, cause, null, withCause: true);
        }
    }

    /// <summary>The few errors whose body is a plain string.</summary>
    public static ApiAnswer Text(int status, string text) => new(status, JsonBody.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("error", text);
        json.WriteNumber("status", status);
        json.WriteEndObject();
    }));
}
