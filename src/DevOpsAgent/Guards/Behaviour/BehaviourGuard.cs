namespace DevOpsAgent.Guards.Behaviour;

/// <summary>
/// Advisory: says how a caller's last closed windows compare with what is usual for it, as evidence, and signals what is not.
/// The verdict is always Allow; only a promotion rule makes more of a signal. Feeding is not its work: it only reads.
/// </summary>
internal sealed class BehaviourGuard(BehaviourProfiles profiles) : IGuard
{
    public string Name => BehaviourDecision.Guard;

    public bool Advisory => true;

    public bool IsQuick => true;

    public bool Judges(Tool tool) => profiles.Config.Enabled;

    public ValueTask<GuardDecision> EvaluateAsync(GuardContext context, CancellationToken cancellationToken) =>
        new(profiles.Evaluate(context.Caller.Agent, context.Now));
}
