namespace DevOpsAgent.Agent;

/// <summary>One step of a run, as people see it. All texts are the model's or come from logs: bounded, redacted, rendered as text only.</summary>
internal sealed record RunStep
{
    public const int MaxText = 2_000;

    public required StepKind Kind { get; init; }

    /// <summary>Which of the five steps of a finding: 1 initial query, 2 analysis, 3 refinement, 4 rates, 5 confirmation; 0 for none.</summary>
    public int Phase { get; init; }

    /// <summary>Since the run began.</summary>
    public long Milliseconds { get; init; }

    /// <summary>What was said, or what came of a call.</summary>
    public string Text { get; init; } = "";

    public string? Tool { get; init; }

    /// <summary>A call's parameters as JSON, redacted.</summary>
    public string? Parameters { get; init; }

    /// <summary>The name under which the result can be cited: "q3". Null: it gave none.</summary>
    public string? Cite { get; init; }

    /// <summary>"allow", "deny", "incomplete", "cancelled", or "not_run" where it never reached the gateway.</summary>
    public string? Decision { get; init; }

    /// <summary>The seq of the call's intent, for receipts show.</summary>
    public long? Intent { get; init; }

    /// <summary>By the program itself, not by the model.</summary>
    public bool ByCode { get; init; }
}

/// <summary>Names are stored in snake case: append only.</summary>
internal enum StepKind : byte
{
    /// <summary>What the model said.</summary>
    Said,

    /// <summary>What the model thought, where its provider tells.</summary>
    Thought,

    /// <summary>A call of a tool and what came of it.</summary>
    Called,

    /// <summary>What the program noticed: a guardrail, a repair, a budget.</summary>
    Note,
}
