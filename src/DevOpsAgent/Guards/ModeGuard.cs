using DevOpsAgent.Configuration;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.Guards;

/// <summary>
/// The operating mode: disabled records only, review leaves each block to a person, auto lets the program act. What widens
/// what may happen (allowlist, mode, rejecting what was found) is a person's in every mode: a model may only propose it.
/// </summary>
/// <param name="mode">The mode in force now.</param>
internal sealed class ModeGuard(Func<Mode> mode) : IGuard
{
    private static readonly GuardDecision Disabled = GuardDecision.Deny("mode_disabled", "Mode disabled records only: set mode to review or auto.");

    public string Name => "mode";

    public bool Advisory => false;

    public bool IsQuick => true;

    public bool Judges(Tool tool) => tool.HasEffect;

    public ValueTask<GuardDecision> EvaluateAsync(GuardContext context, CancellationToken cancellationToken) => new(Check(context));

    private GuardDecision Check(GuardContext context)
    {
        var person = context.Caller.Kind == CallerKind.Person;
        if (context.Request is BlockRequest or IncidentDecision { Kind: DecisionKind.Approve })
        {
            var now = (context.Request as BlockRequest)?.Mode == Mode.Disabled ? Mode.Disabled : mode();
            return now == Mode.Disabled ? Disabled : person ? GuardDecision.Allow : Unattended(now);
        }

        if (context.Caller.Kind != CallerKind.Model)
        {
            return GuardDecision.Allow;
        }

        return context.Tool.PersonOnly
            ? GuardDecision.Pending("person_required", $"A model may propose {context.Tool.Name}, but only a person does it.")
            : Unattended(mode());
    }

    private static GuardDecision Unattended(Mode now) => now switch
    {
        Mode.Auto => GuardDecision.Allow,
        Mode.Review => GuardDecision.Pending("mode_review", "Mode review leaves this to a person: approve it, or set mode to auto."),
        _ => Disabled,
    };
}
