using DevOpsAgent.Configuration;

namespace DevOpsAgent.Guards;

/// <summary>Which signals deny, from guards.promote: those of a guard from a severity on.</summary>
internal sealed class PromotionRules(IReadOnlyList<PromotionRule> rules)
{
    private readonly (string Guard, SignalSeverity Least)[] _rules = [.. rules.Select(static r => (r.Guard, Enum.Parse<SignalSeverity>(r.Severity, ignoreCase: true)))];

    public static PromotionRules None { get; } = new([]);

    public bool Promotes(Signal signal)
    {
        foreach (var (guard, least) in _rules)
        {
            if (signal.Severity >= least && string.Equals(guard, signal.Guard, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
