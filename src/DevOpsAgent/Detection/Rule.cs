using DevOpsAgent.Configuration;
using DevOpsAgent.Addresses;

namespace DevOpsAgent.Detection;

/// <summary>
/// A Rule is a named, versioned condition over the requests of one client in a window of event time: it fires when all
/// its conditions hold at once. A rule with a <see cref="Campaign"/> looks at many clients together. Rules are data;
/// docs and messages name their fields as in YAML.
/// </summary>
internal sealed record Rule
{
    public required string Id { get; init; }
    public int Version { get; init; } = 1;
    public required string Title { get; init; }

    /// <summary>Findings of one client and threat become one incident.</summary>
    public required string Threat { get; init; }

    public required Severity Severity { get; init; }
    public required RuleAction Action { get; init; }
    public Mode? Mode { get; init; }
    public TimeSpan? Ttl { get; init; }
    public required TimeSpan Within { get; init; }
    public required IReadOnlyList<Condition> When { get; init; }
    public IReadOnlyList<RuleException> Except { get; init; } = [];
    public CampaignCondition? Campaign { get; init; }

    /// <summary>File and line that the rule came from.</summary>
    public string Origin { get; init; } = "built-in";
}

/// <summary>One count over the requests that a filter lets through, and what it must reach.</summary>
internal sealed record Condition
{
    public required RequestFilter Where { get; init; }
    public required CountKind Count { get; init; }

    /// <summary>A number, or a share from 0 to 1 for ratio.</summary>
    public double AtLeast { get; init; }

    /// <summary>For ratio only: holds while the share is not above this.</summary>
    public double? AtMost { get; init; }

    public required TimeSpan Within { get; init; }

    /// <summary>For people: "distinct_paths of path secret-files".</summary>
    public string What => Where.Description.Length == 0 ? Name : $"{Name} of {Where.Description}";

    private string Name => Count switch
    {
        CountKind.DistinctPaths => "distinct_paths",
        CountKind.DistinctRequests => "distinct_requests",
        CountKind.DistinctAgents => "distinct_agents",
        CountKind.DistinctHosts => "distinct_hosts",
        CountKind.DistinctUsers => "distinct_users",
        CountKind.RatePerMinute => "rate_per_minute",
        CountKind.Ratio => "ratio",
        _ => "events",
    };
}

internal enum CountKind : byte
{
    Events,
    DistinctPaths,

    /// <summary>Paths with their queries.</summary>
    DistinctRequests,

    DistinctAgents,
    DistinctHosts,
    DistinctUsers,

    /// <summary>Most events within any 60 seconds that end now.</summary>
    RatePerMinute,

    /// <summary>Share of all the client's requests; recent ones weigh most (exponential, the window is the time constant).</summary>
    Ratio,
}

/// <summary>Which clients together are one scan.</summary>
internal sealed record CampaignCondition
{
    public required RequestFilter Where { get; init; }

    /// <summary>Members needed.</summary>
    public required int Clients { get; init; }

    /// <summary>Distinct probed paths over all members.</summary>
    public required int DistinctPaths { get; init; }

    /// <summary>Distinct probed paths that each member must have.</summary>
    public int PathsPerClient { get; init; } = 2;

    /// <summary>Share of a member's requests that are probes, at least: a person with one odd request is no member.</summary>
    public double Share { get; init; } = 0.5;

    /// <summary>Share of a member's paths that no earlier member asked for, at least: unrelated scanners ask for the same ones.</summary>
    public double NewShare { get; init; } = 0.5;
}

/// <summary>Requests that a rule doesn't count. All given fields must match.</summary>
internal sealed record RuleException
{
    public RequestFilter Where { get; init; } = new();
    public IReadOnlyList<AddressRange> Clients { get; init; } = [];

    public bool Matches(in EventFacts facts)
    {
        if (!Where.Matches(facts))
        {
            return false;
        }

        if (Clients.Count == 0)
        {
            return true;
        }

        foreach (var range in Clients)
        {
            if (range.Contains(facts.Client))
            {
                return true;
            }
        }

        return false;
    }
}
