namespace DevOpsAgent.Detection;

/// <summary>Says whether a rule's conditions hold for a client at a time, and how much each has counted.</summary>
internal sealed class ConditionJudge(RuleSet rules)
{
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
            else if (window is null || window.CountAt(time, condition.WithinTicks) < condition.Capacity)
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
        var window = state.Find(condition.Index);
        var value = condition.Kind == CountKind.Ratio
            ? Math.Round(RatioOf(state, condition, window, time), 3)
            : window?.CountAt(time, condition.WithinTicks) ?? 0;
        var limit = condition.Condition.AtMost ?? condition.Condition.AtLeast;
        return new(condition.Condition.AtMost is null ? condition.What : condition.What + " (at most)", value, limit, TimeSpan.FromTicks(condition.WithinTicks));
    }

    public List<RuleCount> RuleCounts(ClientState state, EvidenceRecord record, long time)
    {
        var counts = new List<RuleCount>();
        for (var rule = 0; rule < rules.Rules.Count; rule++)
        {
            if (rules.RuleThreats[rule] != record.Threat || rules.Rules[rule].Campaign is not null)
            {
                continue;
            }

            var fired = record.Fired.Find(f => f.Rule == rule);
            var conditions = rules.RuleConditions[rule].Select(c => CountOf(state, rules.Conditions[c], time)).ToArray();
            if (fired.At != 0 || conditions.Any(c => c.Value > 0))
            {
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
        }

        return counts;
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
