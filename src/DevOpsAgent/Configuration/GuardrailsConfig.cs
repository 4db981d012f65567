namespace DevOpsAgent.Configuration;

/// <summary>What the language model may see and say. A policy is block, sanitize or audit.</summary>
internal sealed record GuardrailsConfig
{
    /// <summary>False: nothing is scanned. Framing, schemas and the gateway's guards stay as they are.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>For each guardrail of <see cref="Input"/> that has none of its own.</summary>
    public string InputPolicy { get; init; } = "sanitize";

    public string OutputPolicy { get; init; } = "audit";

    public InputGuardrailsConfig Input { get; init; } = new();

    public OutputGuardrailsConfig Output { get; init; } = new();

    /// <summary>How long the redacted text of each exchange with a model is kept. Its hashes stay in the receipts for good.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(30);
}

/// <summary>Policies of single guardrails; null: input_policy.</summary>
internal sealed record InputGuardrailsConfig
{
    /// <summary>Passwords, tokens, keys.</summary>
    public string? Secrets { get; init; }

    /// <summary>Mail addresses, card and account numbers, phone numbers, user names.</summary>
    public string? Personal { get; init; }

    /// <summary>Text that speaks to the model.</summary>
    public string? Injection { get; init; }
}

/// <summary>Policies of single guardrails; null: output_policy.</summary>
internal sealed record OutputGuardrailsConfig
{
    /// <summary>Secrets in what the model says.</summary>
    public string? Secrets { get; init; } = "sanitize";

    /// <summary>Addresses that the evidence doesn't hold.</summary>
    public string? Addresses { get; init; } = "sanitize";

    /// <summary>URLs of any kind: the model has no reason to make one.</summary>
    public string? Urls { get; init; } = "sanitize";
}
