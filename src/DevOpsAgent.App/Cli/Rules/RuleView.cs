using System.Text.Json.Serialization;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;

namespace DevOpsAgent.App.Cli.Rules;

/// <param name="AtLeast">What the count must reach; a fraction for ratio.</param>
/// <param name="AtMost">For a ratio that must stay below.</param>
internal sealed record ConditionView(string What, double AtLeast, double? AtMost, long WithinSeconds)
{
    public static ConditionView Of(Condition c) => new(c.What, c.AtLeast, c.AtMost, (long)c.Within.TotalSeconds);

    public string Text() => FormattableString.Invariant($"{What} {(AtMost is { } most ? $"at most {most}" : $"at least {AtLeast}")} within {Words.Duration(TimeSpan.FromSeconds(WithinSeconds))}");
}

internal sealed record CampaignView(string Where, int Clients, int DistinctPaths);

internal sealed record RuleView
{
    public required string Id { get; init; }
    public required int Version { get; init; }
    public required string Title { get; init; }
    public required string Threat { get; init; }
    public required string Severity { get; init; }
    public required string Action { get; init; }

    /// <summary>Null: the global mode.</summary>
    public required string? Mode { get; init; }

    /// <summary>Null: blocking.ttl.</summary>
    public required long? TtlSeconds { get; init; }

    public required IReadOnlyList<ConditionView> When { get; init; }
    public required IReadOnlyList<string> Except { get; init; }
    public required CampaignView? Campaign { get; init; }

    /// <summary>File and line.</summary>
    public required string Origin { get; init; }

    [JsonIgnore]
    public string Condition => Campaign is { } c ? $"{c.Clients} clients, {c.DistinctPaths} paths" : string.Join(" and ", When.Select(static w => w.Text()));

    public static RuleView Of(Rule rule) => new()
    {
        Id = rule.Id,
        Version = rule.Version,
        Title = rule.Title,
        Threat = rule.Threat,
        Severity = Words.Name(rule.Severity),
        Action = Words.Name(rule.Action),
        Mode = rule.Mode is { } mode ? Words.Name(mode) : null,
        TtlSeconds = rule.Ttl is { } ttl ? (long)ttl.TotalSeconds : null,
        When = [.. rule.When.Select(ConditionView.Of)],
        Except = [.. rule.Except.Select(static e => string.Join(", ", new[] { e.Where.Description, string.Join(", ", e.Clients) }.Where(static t => t.Length > 0)))],
        Campaign = rule.Campaign is { } c ? new(c.Where.Description, c.Clients, c.DistinctPaths) : null,
        Origin = rule.Origin,
    };

    /// <exception cref="CommandException">No rule of this id; the nearest is named.</exception>
    public static Rule Find(RuleSet rules, string id) => rules.Rules.FirstOrDefault(r => r.Id == id) ?? throw CommandException.Usage(
        $"There is no rule '{id}'" + (NearestName.Of(id, rules.Rules.Select(static r => r.Id)) is { } near ? $"; did you mean '{near}'?" : "."),
        "'devops-agent rules list' shows all.");
}
