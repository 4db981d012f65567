using DevOpsAgent.Blocking;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;

namespace DevOpsAgent.App.Views;

// What the API, its event stream and every --json listing show. Keys are these names in snake_case; they are a contract: append only.

/// <summary>An incident as a row. The PRD's columns come first and keep its names.</summary>
internal sealed record IncidentView
{
    public required long Id { get; init; }
    public required string IpAddress { get; init; }
    public required string ThreatType { get; init; }
    public required string Severity { get; init; }
    public required DateTimeOffset DetectedAt { get; init; }
    public required string Status { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public required bool IsCampaign { get; init; }
    public required IReadOnlyList<string> Clients { get; init; }
    public required string Summary { get; init; }
    public required DateTimeOffset FirstSeen { get; init; }
    public required DateTimeOffset LastSeen { get; init; }
    public required long Requests { get; init; }
    public required long Matched { get; init; }

    /// <summary>"block", "review" or null.</summary>
    public required string? RecommendedAction { get; init; }

    public required long TtlSeconds { get; init; }

    /// <summary>Why mode auto left it to a person, if so.</summary>
    public required string? Held { get; init; }

    /// <summary>Rises with each change; an approval names the one that was shown.</summary>
    public required long Version { get; init; }

    public static IncidentView Of(Incident incident) => new()
    {
        Id = incident.Id,
        IpAddress = incident.Subject,
        ThreatType = incident.Threat,
        Severity = Name(incident.Severity),
        DetectedAt = incident.DetectedAt,
        Status = Name(incident.Status),
        UpdatedAt = incident.UpdatedAt,
        IsCampaign = incident.IsCampaign,
        Clients = [.. incident.Clients.Select(static c => c.ToString())],
        Summary = incident.Summary,
        FirstSeen = incident.Evidence.FirstSeen,
        LastSeen = incident.Evidence.LastSeen,
        Requests = incident.Evidence.Requests,
        Matched = incident.Evidence.Matched,
        RecommendedAction = incident.Recommendation is { } r ? Name(r.Action) : null,
        TtlSeconds = (long)(incident.Recommendation?.Ttl.TotalSeconds ?? 0),
        Held = incident.Recommendation?.Held,
        Version = incident.Version,
    };

    internal static string Name<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}

/// <summary>One incident in full.</summary>
internal sealed record IncidentDetailView
{
    public required IncidentView Incident { get; init; }
    public required Evidence Evidence { get; init; }
    public required RecommendationView? Recommendation { get; init; }
    public required IReadOnlyList<StatusChangeView> History { get; init; }
    public required IReadOnlyList<BlockView> Blocks { get; init; }

    /// <summary>Attempted changes, newest first.</summary>
    public IReadOnlyList<ActionRecordView> Actions { get; init; } = [];
    public IReadOnlyList<SimilarView> Similar { get; init; } = [];

    /// <summary>What a language model made of it, newest first. The rules' result never rests on it.</summary>
    public IReadOnlyList<InvestigationView> Investigations { get; init; } = [];
}

/// <summary>Why: "same client", "same network 203.0.113.0/24", "5 of its top paths".</summary>
internal sealed record SimilarView(long Id, string IpAddress, string ThreatType, string Severity, string Status, string Why);

/// <summary>One attempted change. Result null: an intent that is not done yet.</summary>
internal sealed record ActionRecordView(long Id, string ActionType, string Mode, DateTimeOffset IntendedAt, DateTimeOffset? AppliedAt, string ApprovedBy, string Subject, string? Result, string? Undo)
{
    public static ActionRecordView Of(ActionRecord a) =>
        new(a.Id, a.ActionType, IncidentView.Name(a.Mode), a.IntendedAt, a.AppliedAt, a.ApprovedBy, a.Subject, a.Result, a.Undo);
}

internal sealed record RecommendationView
{
    public required string Action { get; init; }
    public required IReadOnlyList<string> Ranges { get; init; }
    public required string Why { get; init; }
    public required string Where { get; init; }
    public required long TtlSeconds { get; init; }
    public required string ProposedBy { get; init; }
    public required string Change { get; init; }
    public required string? Held { get; init; }

    /// <summary>Why nobody may approve it; null where a person may.</summary>
    public required string? Forbidden { get; init; }

    public static RecommendationView Of(Recommendation r) => new()
    {
        Action = IncidentView.Name(r.Action),
        Ranges = [.. r.Ranges.Select(static x => x.ToCidr())],
        Why = r.Why,
        Where = r.Where,
        TtlSeconds = (long)r.Ttl.TotalSeconds,
        ProposedBy = r.ProposedBy,
        Change = r.Change,
        Held = r.Held,
        Forbidden = r.Forbidden,
    };
}

internal sealed record StatusChangeView(string? From, string To, DateTimeOffset At, string By, string Origin, string? Note)
{
    public static StatusChangeView Of(StatusChange c) =>
        new(c.From is { } from ? IncidentView.Name(from) : null, IncidentView.Name(c.To), c.At, c.By, c.Origin, c.Note);
}

internal sealed record BlockView
{
    public required long Id { get; init; }
    public required string Range { get; init; }
    public required long? IncidentId { get; init; }
    public required string Reason { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public required string ApprovedBy { get; init; }
    public required string Status { get; init; }
    public required int Offence { get; init; }
    public required string? Result { get; init; }

    public static BlockView Of(Block b) => new()
    {
        Id = b.Id,
        Range = b.Range.ToCidr(),
        IncidentId = b.IncidentId,
        Reason = b.Reason,
        CreatedAt = b.CreatedAt,
        ExpiresAt = b.ExpiresAt,
        ApprovedBy = b.ApprovedBy,
        Status = IncidentView.Name(b.Status),
        Offence = b.Offence,
        Result = b.Result,
    };
}

internal sealed record AllowlistView(long Id, string IpOrCidr, string Description, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, IReadOnlyList<string> Resolved)
{
    public static AllowlistView Of(AllowlistEntry e) => new(e.Id, e.Value, e.Description, e.CreatedAt, e.ExpiresAt, e.Resolved);
}

/// <summary>A page of a listing. Total counts all that match, not only this page.</summary>
internal sealed record Page<T>(IReadOnlyList<T> Items, int Total);
