using DevOpsAgent.Logs.Elasticsearch;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.Detection.Pushdown;

/// <summary>
/// What must hold for a client before a rule can fire for it, in terms that Elasticsearch counts: at least so many events
/// that pass a filter within the rule's time. Necessary, not sufficient: the <see cref="Detector"/> decides.
/// </summary>
/// <param name="Filter">Null: every event.</param>
/// <param name="AtLeast">Events, and where <paramref name="IsDistinct"/> also different paths.</param>
internal sealed record RuleProbe(string RuleId, QueryNode? Filter, int AtLeast, bool IsDistinct, TimeSpan Within)
{
    /// <summary>One for each rule.</summary>
    public static IReadOnlyList<RuleProbe> Of(RuleSet rules, EventFields fields)
    {
        var filters = new FilterQuery(rules.Lists, fields);
        return [.. rules.Rules.Select(rule => Of(rule, filters))];
    }

    private static RuleProbe Of(Rule rule, FilterQuery filters)
    {
        if (rule.Campaign is { } campaign)
        {
            return new(rule.Id, filters.Of(campaign.Where), campaign.PathsPerClient, true, rule.Within);
        }

        // All conditions must hold, so any one will do: one that names what it looks for, and of those the highest.
        var condition = rule.When.Where(static c => c.Count != CountKind.Ratio)
            .OrderByDescending(static c => c.Where.PathAny != 0 || c.Where.AgentAny != 0 || c.Where.ShapeAny == FactFlags.User).ThenByDescending(static c => c.AtLeast).FirstOrDefault();
        return condition is null
            ? new(rule.Id, rule.When.Count > 0 ? filters.Of(rule.When.FirstOrDefault(static c => c.AtMost is null, rule.When[0]).Where) : null, 1, false, rule.Within)
            : new(rule.Id, filters.Of(condition.Where), Math.Max(1, (int)Math.Ceiling(condition.AtLeast)), condition.Count is CountKind.DistinctPaths or CountKind.DistinctRequests,
                condition.Count == CountKind.RatePerMinute ? TimeSpan.FromMinutes(1) : condition.Within);
    }
}
