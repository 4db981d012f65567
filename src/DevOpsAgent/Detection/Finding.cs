using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Detection;

/// <summary>
/// A Finding is a rule that fired for a client, or for a campaign of clients, with its evidence. Findings of one subject
/// and threat merge into one incident: <see cref="Evidence"/> is a snapshot of all that was counted for the subject and
/// threat so far, so a newer finding replaces the numbers of an older one and nothing is counted twice.
/// </summary>
internal sealed record Finding
{
    public required string RuleId { get; init; }
    public required int RuleVersion { get; init; }
    public required string Threat { get; init; }
    public required Severity Severity { get; init; }
    public required RuleAction Action { get; init; }

    /// <summary>The rule's own mode where it narrows the global one; null = the global mode.</summary>
    public Mode? Mode { get; init; }

    /// <summary>How long to block; null = the configured default.</summary>
    public TimeSpan? Ttl { get; init; }

    public required Subject Subject { get; init; }

    /// <summary>Event time at which the rule fired.</summary>
    public required DateTimeOffset At { get; init; }

    public required Evidence Evidence { get; init; }

    /// <summary>One sentence in plain words, made from the evidence: "Asked for 61 secret files in 48 s, got 404 each time."</summary>
    public required string Summary { get; init; }
}

/// <summary>Whom a finding is about: one client, or a campaign of several.</summary>
internal sealed record Subject
{
    /// <summary>The address, or "campaign-" and 12 hex digits: stable for the life of the campaign.</summary>
    public required string Key { get; init; }

    /// <summary>The clients; exactly one unless it is a campaign. Ascending.</summary>
    public required IReadOnlyList<ClientAddress> Clients { get; init; }

    public bool IsCampaign { get; init; }

    public static Subject Of(ClientAddress client) => new() { Key = client.ToString(), Clients = [client] };
}

internal enum Severity : byte
{
    Low,
    Medium,
    High,
    Critical,
}

/// <summary>What a rule recommends when it fires. Record: an incident without a recommendation.</summary>
internal enum RuleAction : byte
{
    Record,
    Review,
    Block,
}
