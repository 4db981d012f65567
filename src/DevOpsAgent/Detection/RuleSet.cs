using System.Text;

namespace DevOpsAgent.Detection;

/// <summary>All rules that are in force, with the lists that they name, ready to run. Immutable.</summary>
internal sealed class RuleSet
{
    /// <summary>Ratios are kept per window and client: so many different windows may be used by ratio conditions.</summary>
    public const int MaxRatioWindows = 4;

    public RuleSet(IReadOnlyList<Rule> rules, PatternLists lists)
    {
        Rules = rules;
        Lists = lists;
        Threats = [.. rules.Select(r => r.Threat).Distinct(StringComparer.Ordinal)];
        var ratioWindows = new List<TimeSpan>();
        var conditions = new List<CompiledCondition>();
        var ruleConditions = new List<int[]>();
        for (var r = 0; r < rules.Count; r++)
        {
            var own = new List<int>();
            foreach (var condition in rules[r].When)
            {
                var ratio = -1;
                if (condition.Count == CountKind.Ratio)
                {
                    ratio = ratioWindows.IndexOf(condition.Within);
                    if (ratio < 0)
                    {
                        ratio = ratioWindows.Count;
                        ratioWindows.Add(condition.Within);
                    }
                }

                own.Add(conditions.Count);
                conditions.Add(new(conditions.Count, r, condition, ratio));
            }

            ruleConditions.Add([.. own]);
        }

        Conditions = [.. conditions];
        RuleConditions = [.. ruleConditions];
        RatioWindows = [.. ratioWindows];
        RuleThreats = [.. rules.Select(r => Array.IndexOf(Threats, r.Threat))];
        Hash = Hash64.Of(Encoding.UTF8.GetBytes(string.Join('\n', rules.Select(Describe))));
    }

    public IReadOnlyList<Rule> Rules { get; }
    public PatternLists Lists { get; }
    public string[] Threats { get; }
    public CompiledCondition[] Conditions { get; }
    public int[][] RuleConditions { get; }
    public int[] RuleThreats { get; }
    public TimeSpan[] RatioWindows { get; }

    /// <summary>Changes whenever a stored count would mean something else.</summary>
    public ulong Hash { get; }

    private static string Describe(Rule rule) =>
        $"{rule.Id} {rule.Version} {rule.Threat} {string.Join(';', rule.When.Select(c => $"{c.What} {c.AtLeast:R} {c.AtMost:R} {c.Within.Ticks}"))} "
        + (rule.Campaign is { } c ? $"{c.Where.Description} {c.Clients} {c.DistinctPaths} {c.PathsPerClient} {c.Share:R} {c.NewShare:R}" : "");
}

/// <summary>A condition in its rule, with its place in each client's state.</summary>
/// <param name="RatioWindow">Index into RuleSet.RatioWindows; -1 unless a ratio.</param>
internal sealed record CompiledCondition(int Index, int Rule, Condition Condition, int RatioWindow)
{
    public RequestFilter Where { get; } = Condition.Where;
    public CountKind Kind { get; } = Condition.Count;
    public long WithinTicks { get; } = Condition.Count == CountKind.RatePerMinute ? TimeSpan.TicksPerMinute : Condition.Within.Ticks;

    /// <summary>Entries that a window keeps.</summary>
    public int Capacity { get; } = Condition.Count == CountKind.Ratio ? 0 : (int)Math.Ceiling(Condition.AtLeast);

    /// <summary>Marks single requests as suspicious by themselves (a list or an odd shape), unlike a bare status.</summary>
    public bool Marks { get; } = Condition.Count != CountKind.Ratio && (Condition.Where.PathAny != 0 || (Condition.Where.ShapeAny & ~FactFlags.Asset) != FactFlags.None);

    public string What { get; } = Condition.What;

    /// <summary>As evidence names it.</summary>
    public string Counted { get; } = Condition.AtMost is null ? Condition.What : Condition.What + " (at most)";

    public ulong KeyOf(in EventFacts facts) => Kind switch
    {
        CountKind.DistinctPaths => facts.PathHash,
        CountKind.DistinctRequests => facts.RequestHash,
        CountKind.DistinctAgents => facts.AgentHash,
        CountKind.DistinctHosts => facts.HostHash,
        CountKind.DistinctUsers => facts.UserHash,
        _ => 0,
    };
}
