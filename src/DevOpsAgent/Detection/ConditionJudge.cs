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
}
