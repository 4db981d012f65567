namespace DevOpsAgent.Agent.Llm;

/// <summary>Why no answer came from the model.</summary>
internal enum LlmFault
{
    /// <summary>llm in the configuration can't be used.</summary>
    Configuration,

    /// <summary>No connection.</summary>
    Unreachable,

    /// <summary>5xx.</summary>
    ServerError,

    /// <summary>Nothing came within llm.timeout.</summary>
    TimedOut,

    /// <summary>401 or 403.</summary>
    Unauthorized,

    /// <summary>The model, or the path of the URL, isn't there (404).</summary>
    NotFound,

    /// <summary>429: too many calls; later it may go.</summary>
    RateLimited,

    /// <summary>The account has no money left. Asking again costs time only.</summary>
    QuotaExhausted,

    /// <summary>529 or 503: the provider is busy.</summary>
    Overloaded,

    /// <summary>More was sent than the model takes: shorten and ask again.</summary>
    ContextLength,

    /// <summary>The request itself is wrong in the server's eyes (400).</summary>
    BadRequest,

    /// <summary>The model, or a filter of its provider, doesn't answer this.</summary>
    Refused,

    /// <summary>What came is no answer: garbage, nothing, another format.</summary>
    BadAnswer,

    /// <summary>A web page came instead of JSON.</summary>
    WebPage,

    /// <summary>The answer stopped before its end.</summary>
    CutStream,

    /// <summary>The answer is longer than any that is meant.</summary>
    Endless,

    /// <summary>The server reported an error in the middle of its answer.</summary>
    FailedMidway,
}
