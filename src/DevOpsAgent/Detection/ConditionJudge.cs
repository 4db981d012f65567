namespace DevOpsAgent.Detection;

/// <summary>Says whether a rule's conditions hold for a client at a time, and how much each has counted.</summary>
internal sealed class ConditionJudge(RuleSet rules)
{
    private readonly int[][] _rulesOfThreat =
        [.. rules.Threats.Select((_, threat) => Enumerable.Range(0, rules.Rules.Count).Where(r => rules.RuleThreats[r] == threat && rules.Rules[r].Campaign is null).ToArray())];

    public bool Holds(int rule, ClientState state, long time)
    {
        foreach (var index in rules.RuleConditions[rule])
        {
            var condition = rules.Conditions[index];
            var window = state.Find(index);
            if (condition.Kind == CountKind.Ratio)
            {
                var ratio = RatioOf(state, condition, window, time);
                if (ratio < condition.Condition.AtLeast || ratio > (condition.Condition.AtMost ?? double.PositiveInfinity))
                {
                    return false;
                }
            }
            else if (window is null || !window.IsFullAt(time, condition))
            {
                return false;
            }
        }

        return true;
    }

    private static double RatioOf(ClientState state, CompiledCondition condition, ConditionWindow? window, long time)
    {
        if (window is null)
        {
            return 0;
        }

        var all = Decay.Apply(state.Sum(condition.RatioWindow), state.LastSeen, time, condition.WithinTicks);
        return all <= 0 ? 0 : Math.Min(1, window.WeightAt(Math.Max(time, state.LastSeen), condition.WithinTicks) / all);
    }

    public ConditionCount CountOf(ClientState state, CompiledCondition condition, long time)
    {
        var value = ValueOf(state, condition, time);
        var limit = condition.Condition.AtMost ?? condition.Condition.AtLeast;
        return new(condition.Counted, value, limit, TimeSpan.FromTicks(condition.WithinTicks));
    }

    private static double ValueOf(ClientState state, CompiledCondition condition, long time)
    {
        var window = state.Find(condition.Index);
        return condition.Kind == CountKind.Ratio
            ? Math.Round(RatioOf(state, condition, window, time), 3)
            : window?.CountAt(time, condition.WithinTicks) ?? 0;
    }

    public List<RuleCount> RuleCounts(ClientState state, EvidenceRecord record, long time)
    {
        var counts = new List<RuleCount>(_rulesOfThreat[record.Threat].Length);
        foreach (var rule in _rulesOfThreat[record.Threat])
        {
            var fired = default(FiredRule);
            foreach (var known in record.Fired)
            {
                if (known.Rule == rule)
                {
                    fired = known;
                    break;
                }
            }

            if (fired.At == 0 && !CountsAny(rule, state, time))
            {
                continue;
            }

            var conditions = new ConditionCount[rules.RuleConditions[rule].Length];
            for (var i = 0; i < conditions.Length; i++)
            {
                conditions[i] = CountOf(state, rules.Conditions[rules.RuleConditions[rule][i]], time);
            }

            counts.Add(new()
            {
                RuleId = rules.Rules[rule].Id,
                Title = rules.Rules[rule].Title,
                Fired = fired.At != 0,
                Action = rules.Rules[rule].Action,
                FiredAt = fired.At == 0 ? null : new(fired.At, TimeSpan.Zero),
                FiredAtRequest = fired.AtRequest,
                Conditions = conditions,
            });
        }

        return counts;
    }

    private bool CountsAny(int rule, ClientState state, long time)
    {
        foreach (var index in rules.RuleConditions[rule])
        {
            if (ValueOf(state, rules.Conditions[index], time) > 0)
            {
                return true;
            }
        }

        return false;
    }

    public SuspicionTier TierOf(ClientState state)
    {
        if (state.Records is not { } records)
        {
            return SuspicionTier.Harmless;
        }

        foreach (var record in records)
        {
            foreach (var fired in record.Fired)
            {
                if (rules.Rules[fired.Rule].Severity > Severity.Low)
                {
                    return SuspicionTier.Fired;
                }
            }
        }

        return SuspicionTier.Marked;
    }
}
