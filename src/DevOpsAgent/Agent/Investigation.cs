using System.Text.Json.Serialization;

namespace DevOpsAgent.Agent;

/// <summary>
/// One run of the model, about an incident or about a person's question. What the rules found stands beside it and never
/// rests on it.
/// </summary>
internal sealed record Investigation
{
    /// <summary>0 before it is stored.</summary>
    public long Id { get; init; }

    /// <summary>16 hex: names the run in the receipts.</summary>
    public required string Run { get; init; }

    public long? IncidentId { get; init; }

    /// <summary>The version of the incident that was looked at.</summary>
    public long IncidentVersion { get; init; }

    /// <summary>Null for an incident.</summary>
    public string? Question { get; init; }

    public required string Model { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public required DateTimeOffset EndedAt { get; init; }
    public required RunEnd End { get; init; }

    /// <summary>Why it ended so, for people; empty where it answered.</summary>
    public string EndText { get; init; } = "";

    /// <summary>Null where it did not conclude.</summary>
    public Conclusion? Conclusion { get; init; }

    /// <summary>The answer to a question.</summary>
    public string? Answer { get; init; }

    /// <summary>Where the model and the rules differ, in one sentence; null: they don't.</summary>
    public string? Disagreement { get; init; }

    public IReadOnlyList<RunStep> Steps { get; init; } = [];

    /// <summary>What guardrails found: "input secrets: 2, sanitized".</summary>
    public IReadOnlyList<string> Guardrails { get; init; } = [];

    public int Turns { get; init; }
    public long TokensIn { get; init; }
    public long TokensOut { get; init; }
    public double Cost { get; init; }
    public int Rows { get; init; }
}

/// <summary>What the model concluded, after code checked it.</summary>
internal sealed record Conclusion
{
    public required ModelVerdict Verdict { get; init; }

    /// <summary>0 to 100, as the model says; 0 where nothing that it cites holds.</summary>
    public required int Confidence { get; init; }

    public required string Summary { get; init; }

    /// <summary>What it cites, each looked at by code.</summary>
    public IReadOnlyList<Citation> Evidence { get; init; } = [];

    /// <summary>What the model would have done, cut down to what the rules allow.</summary>
    public required ProposedAction Action { get; init; }

    /// <summary>What code changed or struck out, each with why.</summary>
    public IReadOnlyList<string> Corrections { get; init; } = [];
}

/// <summary>Something that the conclusion rests on.</summary>
/// <param name="Id">"q2" a query of this run, "rule:secret-files", "sample:3", "incident:42".</param>
/// <param name="Holds">True: it exists and concerns the incident's client.</param>
/// <param name="Text">What it is, or why it doesn't count.</param>
internal sealed record Citation(string Id, bool Holds, string Text);

/// <summary>What the model proposes. It is shown, and never carried out for that: a person or mode auto decides by the rules' recommendation.</summary>
/// <param name="Kind">"none", "watch" or "block".</param>
internal sealed record ProposedAction(string Kind, IReadOnlyList<string> Ranges, long TtlSeconds)
{
    public static ProposedAction None { get; } = new("none", [], 0);
}

/// <summary>Names are stored in snake case: append only.</summary>
internal enum ModelVerdict : byte
{
    Unclear,
    Confirmed,
    FalsePositive,
}

/// <summary>One exchange with a model, redacted as it was sent: kept for guardrails.retention, its hashes for good in the receipts.</summary>
internal sealed record ModelExchange
{
    public required string Run { get; init; }
    public required int Turn { get; init; }
    public long? IncidentId { get; init; }
    public required DateTimeOffset At { get; init; }
    public required string Model { get; init; }

    /// <summary>SHA-256 of what was sent, 64 hex; also in the receipt's parameters.</summary>
    public required string PromptHash { get; init; }

    /// <summary>What is sent, without the first <see cref="PromptFrom"/> characters, which are those of the exchange before.</summary>
    public required string Prompt { get; init; }

    public required int PromptFrom { get; init; }

    /// <summary>SHA-256 of what came back, 64 hex; also in the receipt's text.</summary>
    public required string AnswerHash { get; init; }

    public required string Answer { get; init; }
    public required long TokensIn { get; init; }
    public required long TokensOut { get; init; }
    public required double Cost { get; init; }

    /// <summary>What the guardrails did.</summary>
    public required string Decision { get; init; }

    /// <summary>The seq of the intent in the receipt chain.</summary>
    public required long? Intent { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Investigation))]
internal sealed partial class InvestigationJson : JsonSerializerContext;
