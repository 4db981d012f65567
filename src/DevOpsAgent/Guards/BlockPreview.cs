namespace DevOpsAgent.Guards;

/// <summary>What the guards would say of a block that a person approves, for recommendations. Records nothing and counts nothing.</summary>
internal sealed class BlockPreview(TargetSafetyGuard safety, EvidenceGuard evidence, CapsGuard caps, TimeProvider time)
{
    /// <summary>Null: it would be permitted. Throws what the store throws.</summary>
    public GuardDecision? Refusal(BlockRequest request) =>
        safety.Check(request) is { Verdict: not Verdict.Allow } unsafeTarget ? unsafeTarget
        : evidence.Check(request, auto: false) is { Verdict: not Verdict.Allow } unfounded ? unfounded
        : caps.Check(auto: false, 0, time.GetUtcNow()) is { Verdict: not Verdict.Allow } full ? full
        : null;
}
