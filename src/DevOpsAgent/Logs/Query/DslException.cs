namespace DevOpsAgent.Logs.Query;

/// <summary>
/// A request that can't be answered, in Elasticsearch's words: <see cref="Type"/> is its error type, <see cref="Status"/> its HTTP
/// status. Errors found only with an index's mapping at hand are the shard's: Elasticsearch wraps them as "all shards failed".
/// </summary>
internal sealed class DslException : Exception
{
    public DslException(string type, string reason, int status = 400)
        : base(reason)
    {
        Type = type;
        Status = status;
    }

    public string Type { get; }

    public int Status { get; }

    /// <summary>Depends on the index's mapping or data, so each index has its own answer.</summary>
    public bool OnShard { get; init; }

    /// <summary>Elasticsearch finds it while merging results: no root cause, no failed shards.</summary>
    public bool OnReduce { get; init; }

    public DslException? Cause { get; init; }

    public static DslException Parsing(string reason) => new("parsing_exception", reason);

    public static DslException Argument(string reason) => new("illegal_argument_exception", reason);

    public static DslException Content(string reason, DslException? cause = null) => new("x_content_parse_exception", reason) { Cause = cause };

    public static DslException Shard(string type, string reason) => new(type, reason) { OnShard = true };

    public static DslException QueryShard(string reason) => Shard("query_shard_exception", reason);

    public static DslException Validation(string reason) => new("action_request_validation_exception", $"Validation Failed: 1: {reason};");

    /// <summary>A feature of Elasticsearch that isn't answered here. <paramref name="feature"/> is its name in the DSL.</summary>
    public static DslException NotSupported(string feature) => new("unsupported_operation_exception", $"[{feature}] is not supported by this log store");
}
