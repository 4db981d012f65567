namespace DevOpsAgent.Guards.Receipts;

/// <summary>What is stored before a call is judged. Without a receipt it stands open: after a crash the target is asked what happened.</summary>
internal sealed record Intent
{
    public required DateTimeOffset At { get; init; }
    public required string Tool { get; init; }
    public required Caller Caller { get; init; }
    public long? IncidentId { get; init; }

    /// <summary>Canonical JSON with secrets replaced by "***": what people read.</summary>
    public required string Parameters { get; init; }

    /// <summary>Of the canonical JSON of the parameters before redaction, 64 hex: SHA-256, or where a secret is among them ReceiptJournal.KeyedHash.</summary>
    public required string ParametersHash { get; init; }

    /// <summary>SHA-256 of the guards' configuration that judged, 64 hex.</summary>
    public required string PolicyHash { get; init; }
}

/// <summary>The record of one judged call.</summary>
internal sealed record Receipt
{
    /// <summary>The seq of its intent.</summary>
    public required long Intent { get; init; }

    public required DateTimeOffset At { get; init; }
    public required string Tool { get; init; }
    public required Caller Caller { get; init; }
    public long? IncidentId { get; init; }
    public required string Parameters { get; init; }
    public required string ParametersHash { get; init; }
    public required string PolicyHash { get; init; }
    public required Decision Decision { get; init; }

    /// <summary>The guard and check that decided, as "target_safety.not_public"; empty for allow.</summary>
    public string Reason { get; init; } = "";

    /// <summary>For people: why not, or what came of it.</summary>
    public string Text { get; init; } = "";

    public IReadOnlyList<GuardEvidence> Evidence { get; init; } = [];
    public IReadOnlyList<Signal> Signals { get; init; } = [];
}

internal enum Decision
{
    /// <summary>Permitted and done.</summary>
    Allow,

    /// <summary>A guard said no, or failed.</summary>
    Deny,

    /// <summary>Permitted, then given up before it was done.</summary>
    Cancelled,

    /// <summary>Waits for a person, or permitted but the effect failed or its end is not known.</summary>
    Incomplete,
}
