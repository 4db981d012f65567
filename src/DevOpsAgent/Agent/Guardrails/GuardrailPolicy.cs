namespace DevOpsAgent.Agent.Guardrails;

/// <summary>What happens to text in which a guardrail finds something.</summary>
internal enum GuardrailPolicy
{
    /// <summary>It passes, and the finding is recorded.</summary>
    Audit,

    /// <summary>What was found is taken out.</summary>
    Sanitize,

    /// <summary>The whole text is withheld.</summary>
    Block,
}

internal static class GuardrailPolicies
{
    /// <param name="own">The guardrail's own policy; null: the common one.</param>
    public static GuardrailPolicy Of(string? own, string common) => (own ?? common) switch
    {
        "block" => GuardrailPolicy.Block,
        "audit" => GuardrailPolicy.Audit,
        _ => GuardrailPolicy.Sanitize,
    };
}
