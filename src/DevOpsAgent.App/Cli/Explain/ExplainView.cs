using DevOpsAgent.Detection;

namespace DevOpsAgent.App.Cli.Explain;

/// <summary>What one log line is read as, and the lists that it matches.</summary>
internal sealed record LineView(string Format, string Client, DateTimeOffset At, string Method, string Host, string Path, int Status, string Agent, string Router, bool Forgeable, IReadOnlyList<string> Lists);

internal sealed record ExplainedConditionView(string What, double Value, double AtLeast, long WithinSeconds);

/// <param name="Progress">How near the farthest condition is, 0 to 1.</param>
/// <param name="Excepted">Requests that matched, but that an exception of the rule let pass.</param>
/// <param name="Campaign">For a campaign rule: this client's part in it.</param>
internal sealed record ExplainedRuleView(
    string Id, string Title, string Threat, string Action, bool Fired, DateTimeOffset? FiredAt, long? FiredAtRequest,
    double Progress, IReadOnlyList<ExplainedConditionView> Conditions, long Excepted, string? Campaign)
{
    public static ExplainedRuleView Of(RuleExplanation r) => new(
        r.Rule.Id, r.Rule.Title, r.Rule.Threat, Words.Name(r.Rule.Action), r.Fired is not null,
        r.Fired is { } fired ? new DateTimeOffset(fired.At, TimeSpan.Zero) : null, r.Fired?.AtRequest, Math.Round(r.Progress, 3),
        [.. r.Conditions.Select(static c => new ExplainedConditionView(c.What, Math.Round(c.Value, 3), c.AtLeast, (long)c.Within.TotalSeconds))], r.Excepted, r.Campaign);
}

/// <param name="Line">Null where an address was asked for.</param>
/// <param name="Requests">0: the client is not in these logs.</param>
/// <param name="AllowedBy">The allowlist entry that covers the client, if any.</param>
internal sealed record ExplainView(
    LineView? Line, string Client, long Requests, DateTimeOffset? FirstSeen, DateTimeOffset? LastSeen, string? AllowedBy,
    IReadOnlyList<ExplainedRuleView> Rules, IReadOnlyList<string> Problems);
