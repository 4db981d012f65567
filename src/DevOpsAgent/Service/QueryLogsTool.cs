using System.Text;
using System.Text.Json;
using DevOpsAgent.Guards;
using DevOpsAgent.Logs.Elasticsearch;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.Service;

/// <summary>A search of the logs in query DSL.</summary>
/// <param name="Index">Null: all indexes that may be asked.</param>
/// <param name="Query">The body of a _search.</param>
internal sealed record LogQueryRequest(string? Index, string Query);

/// <summary>
/// Searches the logs for a model or a person. Every query is judged first: a refusal says what to write instead, and what is
/// sent is written from our own tree, never from the caller's text.
/// </summary>
internal sealed class QueryLogsTool(ILogSearch logs, QueryLimits limits) : Tool<LogQueryRequest>
{
    public override string Name => "query_logs";

    public override string Description => "Searches the access logs with an Elasticsearch query (bool, term, range, aggregations …); reads only";

    public override ToolSchema Schema { get; } = new(
    [
        new("index", FieldType.Text, "Index or pattern; default is all logs") { Required = false, MaxLength = 200 },
        new("query", FieldType.Text, "The JSON body of a _search: query, aggs, size, sort") { MaxLength = limits.MaxBody },
    ]);

    public override bool HasEffect => false;

    public override void Write(LogQueryRequest request, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        if (request.Index is { } index)
        {
            writer.WriteString("index", index);
        }

        writer.WriteString("query", request.Query);
        writer.WriteEndObject();
    }

    public override LogQueryRequest Bind(JsonElement parameters, Caller caller) =>
        new(parameters.TryGetProperty("index", out var index) ? index.GetString() : null, parameters.GetProperty("query").GetString()!);

    internal override async Task<IReadOnlyList<ToolResult>> RunAsync(IReadOnlyList<Permit<LogQueryRequest>> permits, CancellationToken cancellationToken)
    {
        var results = new List<ToolResult>(permits.Count);
        foreach (var permit in permits)
        {
            results.Add(await AnswerAsync(permit.Take(), cancellationToken));
        }

        return results;
    }

    /// <summary>Judges and answers one query.</summary>
    public async Task<ToolResult> AnswerAsync(LogQueryRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await AskAsync(request, cancellationToken);
        }
        catch (ElasticException e)
        {
            return new(false, e.Message);
        }
    }

    private async Task<ToolResult> AskAsync(LogQueryRequest request, CancellationToken cancellationToken)
    {
        var fields = await logs.FieldsAsync(cancellationToken);
        var newest = await logs.NewestAsync(cancellationToken);
        if (!new QueryValidator(logs.Pattern, limits).TryCheck(request.Index, Encoding.UTF8.GetBytes(request.Query), fields, newest, out var query, out var problems))
        {
            return new(false, problems!.ToString());
        }

        var (status, body) = await logs.SearchAsync(query!, cancellationToken);
        using var answer = JsonDocument.Parse(body);
        var output = answer.RootElement.Clone();
        return status == 200 ? new(true, string.Join(' ', query!.Notes.Concat(Gaps(output))), output) { Value = query }
            : new(false, Reason(output), output);
    }

    /// <summary>Shards that failed answer with 200 and a part of the truth: whoever reads it has to know.</summary>
    private static IEnumerable<string> Gaps(JsonElement answer)
    {
        if (answer.TryGetProperty("_shards", out var shards) && shards.ValueKind == JsonValueKind.Object && SearchResult.Number(shards, "failed") is > 0 and var failed)
        {
            yield return $"The result has gaps: {failed} of {SearchResult.Number(shards, "total")} shards failed.";
        }

        if (answer.TryGetProperty("timed_out", out var late) && late.ValueKind == JsonValueKind.True)
        {
            yield return "The result has gaps: the search ran out of time.";
        }
    }

    /// <summary>Elasticsearch's first root cause: the outer reason is only "all shards failed".</summary>
    private static string Reason(JsonElement answer)
    {
        if (!answer.TryGetProperty("error", out var error) || error.ValueKind != JsonValueKind.Object)
        {
            return "the search failed";
        }

        var cause = error.TryGetProperty("root_cause", out var roots) && roots.GetArrayLength() > 0 ? roots[0] : error;
        return cause.TryGetProperty("reason", out var reason) ? reason.GetString() ?? "the search failed" : "the search failed";
    }
}
