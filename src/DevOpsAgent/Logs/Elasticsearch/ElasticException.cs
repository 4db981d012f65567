namespace DevOpsAgent.Logs.Elasticsearch;

/// <summary>Elasticsearch could not answer, or not wholly. The message says what, where and what to do.</summary>
internal sealed class ElasticException(ElasticFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    public ElasticFault Fault => fault;

    /// <summary>HTTP status; 0 where there was no answer.</summary>
    public int Status { get; init; }

    /// <summary>Elasticsearch's error type, as index_not_found_exception; empty where it gave none.</summary>
    public string Type { get; init; } = "";

    /// <summary>It asks to be left alone for so long.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

internal enum ElasticFault : byte
{
    /// <summary>The configuration can't be used: no host, an unreadable CA file.</summary>
    Configuration,

    /// <summary>401: the credentials are missing or wrong.</summary>
    Unauthenticated,

    /// <summary>403: the credentials may not do this.</summary>
    Forbidden,

    /// <summary>404: no such index, or no such path.</summary>
    NotFound,

    /// <summary>Other 4xx: this request is wrong, however often it is sent.</summary>
    Refused,

    /// <summary>429: too much at once.</summary>
    Busy,

    /// <summary>5xx, no connection, no answer in time: another try may help.</summary>
    Unavailable,

    /// <summary>200, but some shards failed or the search ran out of time: the result has gaps.</summary>
    Partial,

    /// <summary>Not Elasticsearch's JSON: a proxy's page, a cut answer, or more bytes than are read.</summary>
    Garbage,

    /// <summary>The fields that are needed are missing, of a wrong type, or of two types.</summary>
    Mapping,
}
