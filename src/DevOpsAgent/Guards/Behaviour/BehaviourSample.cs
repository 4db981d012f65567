using DevOpsAgent.Guards.Receipts;

namespace DevOpsAgent.Guards.Behaviour;

/// <summary>What the profile takes from one receipt.</summary>
/// <param name="Entropy">Bits per byte of the canonical, redacted parameters.</param>
internal readonly record struct BehaviourSample(string Agent, string Tool, bool Denied, double Entropy, DateTimeOffset At)
{
    public static BehaviourSample Of(Receipt receipt) =>
        new(receipt.Caller.Agent, receipt.Tool, receipt.Decision == Decision.Deny, ParameterEntropy.OfText(receipt.Parameters), receipt.At);
}
