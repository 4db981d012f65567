using System.Text.Json.Serialization;
using DevOpsAgent.Addresses;
using DevOpsAgent.Detection;

namespace DevOpsAgent.Incidents;

/// <summary>
/// An Incident is what people see: one per client (or campaign) and threat while it is open; findings merge into it.
/// </summary>
internal sealed record Incident
{
    /// <summary>0 before it is stored.</summary>
    public long Id { get; init; }

    /// <summary>The client's address, or the campaign's key.</summary>
    public required string Subject { get; init; }

    public bool IsCampaign { get; init; }

    /// <summary>The clients; one unless a campaign. Ascending.</summary>
    public required IReadOnlyList<ClientAddress> Clients { get; init; }

    /// <summary>"secrets-scan", "vulnerability-scan", "directory-scan", "credential-stuffing", or a user rule's own.</summary>
    public required string Threat { get; init; }

    public required Severity Severity { get; init; }
    public required IncidentStatus Status { get; init; }

    /// <summary>Event time of the first finding.</summary>
    public required DateTimeOffset DetectedAt { get; init; }

    /// <summary>Machine time of the last change of any kind; grows with each change.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Machine time of the last change of status; set by the store.</summary>
    public DateTimeOffset StatusAt { get; init; }

    /// <summary>One sentence in plain words.</summary>
    public required string Summary { get; init; }

    public required Evidence Evidence { get; init; }
    public Recommendation? Recommendation { get; init; }

    /// <summary>Rises by one with each stored change; a writer that read an older one loses the race.</summary>
    public long Version { get; init; }
}

/// <summary>Names are stored in lower case: append only.</summary>
internal enum IncidentStatus : byte
{
    Open,
    Recommended,
    Approved,
    Blocked,
    Rejected,
    Allowed,
    Expired,
    Failed,
}

/// <summary>One change of an incident's status. History is append only.</summary>
internal sealed record StatusChange
{
    public required long IncidentId { get; init; }
    public required IncidentStatus? From { get; init; }
    public required IncidentStatus To { get; init; }
    public required DateTimeOffset At { get; init; }

    /// <summary>"rule", "auto", "expiry", "operator", or a user name given with the approval.</summary>
    public required string By { get; init; }

    /// <summary>"web 127.0.0.1", "cli uid 1000", "service".</summary>
    public required string Origin { get; init; }

    public string? Note { get; init; }
}

/// <summary>What to do, why, where, for how long, and who proposed it.</summary>
internal sealed record Recommendation
{
    /// <summary>Block or Review.</summary>
    public required RuleAction Action { get; init; }

    /// <summary>What would be denied.</summary>
    public required IReadOnlyList<AddressRange> Ranges { get; init; }

    public required string Why { get; init; }

    /// <summary>The target and its entry points: "Traefik file /etc/traefik/dynamic/devops-agent.yaml at web, websecure".</summary>
    public required string Where { get; init; }

    public required TimeSpan Ttl { get; init; }

    /// <summary>"rule secret-files" or "model".</summary>
    public required string ProposedBy { get; init; }

    /// <summary>The exact change as a unified diff of the target's content.</summary>
    public required string Change { get; init; }

    /// <summary>Why mode auto did not carry it out by itself; null where it would.</summary>
    public string? Held { get; init; }

    /// <summary>Why nobody may approve it: it would hit others, or nobody. Null: a person may.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Forbidden { get; init; }

    /// <summary>How it became what it is, newest last; null: it is as it was first made.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<RecommendationChange>? Changes { get; init; }
}
