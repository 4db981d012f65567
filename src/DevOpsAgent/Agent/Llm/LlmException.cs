namespace DevOpsAgent.Agent.Llm;

/// <summary>
/// No answer from the model. It is the only exception, besides a cancellation that was asked for, that a client of <see cref="ChatClients"/>
/// throws. The message says what, where, and what to do; it never holds a key.
/// </summary>
internal sealed class LlmException(LlmFault kind, string message, Exception? inner = null) : Exception(message, inner)
{
    public LlmFault Kind => kind;

    /// <summary>HTTP; null: no answer came, or it isn't the status that was wrong.</summary>
    public int? Status { get; init; }

    /// <summary>How long the server asks to wait.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>True: the same question may be answered a moment later.</summary>
    public bool IsPassing => kind is LlmFault.Unreachable or LlmFault.ServerError or LlmFault.RateLimited or LlmFault.Overloaded;
}
