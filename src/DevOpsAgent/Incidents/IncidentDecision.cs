namespace DevOpsAgent.Incidents;

internal enum DecisionKind
{
    /// <summary>Lets the recommended block happen, or tries a failed one again.</summary>
    Approve,
    Reject,

    /// <summary>Takes an approval or a rejection back, also long after: what is blocked is unblocked, and the incident waits for review again.</summary>
    Undo,
}

/// <summary>What somebody decides about an incident.</summary>
/// <param name="By">The person's name, or "auto".</param>
/// <param name="Origin">From where: "web 127.0.0.1", "cli uid 1000", "service".</param>
internal sealed record IncidentDecision(long Id, DecisionKind Kind, string By, string Origin)
{
    /// <summary>How long to block, instead of the recommended time.</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>Why it is rejected, for the history.</summary>
    public string? Note { get; init; }

    /// <summary>An undo of a decision that is older is refused. Null: any age.</summary>
    public TimeSpan? Within { get; init; }
}
