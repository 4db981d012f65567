using DevOpsAgent.Addresses;

namespace DevOpsAgent.Detection;

/// <summary>What each rule counted for one client, and how far it is from firing.</summary>
internal sealed record Explanation
{
    public required ClientAddress Client { get; init; }
    public required DateTimeOffset FirstSeen { get; init; }
    public required DateTimeOffset LastSeen { get; init; }
    public required long Requests { get; init; }

    /// <summary>All rules in the order of their ids, also those that counted nothing.</summary>
    public required IReadOnlyList<RuleExplanation> Rules { get; init; }
}

internal sealed record RuleExplanation
{
    public required Rule Rule { get; init; }

    /// <summary>When it fired first; null: it never did.</summary>
    public required FiredRule? Fired { get; init; }

    /// <summary>Counted at the client's newest request. Empty for a campaign rule.</summary>
    public required IReadOnlyList<ConditionCount> Conditions { get; init; }

    /// <summary>Requests that matched but that an exception of the rule let pass. Counted only for a watched client.</summary>
    public required long Excepted { get; init; }

    /// <summary>For a campaign rule: this client's part in it.</summary>
    public string? Campaign { get; init; }

    /// <summary>True: it counted something, fired, or an exception applied.</summary>
    public bool Concerned => Fired is not null || Excepted > 0 || Campaign is not null || Conditions.Any(c => c.Value > 0 && !c.What.EndsWith("(at most)", StringComparison.Ordinal));

    /// <summary>How near the farthest condition is, from 0 to 1. 1: all hold.</summary>
    public double Progress => Conditions.Count == 0 ? 0 : Conditions.Min(Part);

    private static double Part(ConditionCount count) => count.What.EndsWith("(at most)", StringComparison.Ordinal)
        ? count.Value <= count.AtLeast ? 1 : 0
        : count.AtLeast <= 0 ? 1 : Math.Min(1, count.Value / count.AtLeast);
}
