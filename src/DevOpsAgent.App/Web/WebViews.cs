using System.Text.Json.Serialization;

namespace DevOpsAgent.App.Web;

// Shapes that only the API has. Keys are these names in snake_case: append only.

/// <summary>A page of incidents. HiddenLow: how many more match but for the severity filter.</summary>
internal sealed record IncidentPageView(IReadOnlyList<Views.IncidentView> Items, int Total, int Limit, int Offset, int HiddenLow);

/// <summary>Result: "done", "already", or for one of many also "conflict", "refused", "not_found", "failed".</summary>
internal sealed record ActionView(string Result, string Message, string? Undo, long? Id, Views.IncidentDetailView? Incident);

/// <param name="Version">Of the plan: what was shown, to be sent back with the decision. Null: there is no such incident.</param>
internal sealed record BulkItemView(long Id, string Result, string Message, long? Version);

/// <summary>What a bulk action did, or with dry_run would do. New ranges are those that no live block covers.</summary>
internal sealed record BulkView
{
    public required string Action { get; init; }
    public required bool DryRun { get; init; }
    public required IReadOnlyList<BulkItemView> Items { get; init; }
    public required int Succeeded { get; init; }
    public required IReadOnlyList<string> NewRanges { get; init; }
    public required string? Where { get; init; }
    public required int LiveBlocks { get; init; }
    public required int MaxBlocks { get; init; }
    public required int RecentBlocks { get; init; }
    public required int MaxNewBlocks { get; init; }
    public required long IntervalSeconds { get; init; }

    /// <summary>What the caps say in one sentence; null = nothing to say.</summary>
    public required string? Caps { get; init; }
}

internal sealed record CheckView(string Ip, bool Allowed, Views.AllowlistView? Entry, IReadOnlyList<Views.BlockView> Blocks);

internal sealed record ImportView(int Added, int Changed, int Unchanged, int Refused, IReadOnlyList<ImportProblemView> Problems);

internal sealed record ImportProblemView(int Line, string Message);

internal sealed record ModeView(string Mode);

internal sealed record StatsView
{
    public required DateTimeOffset At { get; init; }
    public required string Mode { get; init; }

    /// <summary>All statuses, each with its number of incidents.</summary>
    public required IReadOnlyDictionary<string, int> ByStatus { get; init; }

    /// <summary>Severities of the incidents that wait for a decision (open, recommended, failed).</summary>
    public required IReadOnlyDictionary<string, int> WaitingBySeverity { get; init; }
    public required int Waiting { get; init; }
    public required int LiveBlocks { get; init; }
    public required IReadOnlyList<TrafficView> Traffic { get; init; }
}

internal sealed record TrafficView(DateTimeOffset Start, long Requests, long Suspicious);

internal sealed record StatusView
{
    public required string Version { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public required DateTimeOffset At { get; init; }
    public required string Mode { get; init; }
    public required IReadOnlyList<SourceView> Sources { get; init; }
    public required long LagBytes { get; init; }
    public required long Lines { get; init; }
    public required IReadOnlyDictionary<string, long> Parsed { get; init; }
    public required IReadOnlyDictionary<string, long> Unparsed { get; init; }
    public required int TrackedClients { get; init; }
    public required long Evictions { get; init; }
    public required TargetView Target { get; init; }
    public required bool StoreHealthy { get; init; }
    public required string? StoreMessage { get; init; }
    public required string? CapReached { get; init; }
    public required int LiveBlocks { get; init; }

    /// <summary>The line to the runtime guard; null: it is not followed.</summary>
    public GuardLinkView? Guard { get; init; }
}

/// <param name="LastAt">Of the newest violation that was taken over.</param>
internal sealed record GuardLinkView(bool Reachable, DateTimeOffset? LastAt, long Lost, string? Problem);

internal sealed record SourceView(string Name, string State, long LagBytes, DateTimeOffset? LastReadAt, string? Message);

internal sealed record TargetView(string Description, bool Configured, bool Reachable, string? Drift, DateTimeOffset? CheckedAt);

internal sealed record HealthView(string Status, IReadOnlyList<string> Reasons);

// Bodies of writes.

internal sealed record DecisionBody
{
    public string? By { get; init; }
    public string? Note { get; init; }

    /// <summary>Of the incident as it was shown. Absent: whatever stands is approved.</summary>
    public long? Version { get; init; }
}

internal sealed record BulkBody
{
    public IReadOnlyList<long> Ids { get; init; } = [];

    /// <summary>As they were shown, one per id. Absent: whatever stands is approved.</summary>
    public IReadOnlyList<long>? Versions { get; init; }
    public string? Action { get; init; }
    public string? By { get; init; }
    public string? Note { get; init; }
    public bool DryRun { get; init; }
}

internal sealed record BlockBody
{
    public string? Range { get; init; }

    /// <summary>0 or absent: the configured default.</summary>
    public long TtlSeconds { get; init; }
    public string? Reason { get; init; }
    public string? By { get; init; }
}

internal sealed record AllowlistBody
{
    public string? IpOrCidr { get; init; }
    public string? Description { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public string? By { get; init; }
}

internal sealed record ModeBody
{
    public string? Mode { get; init; }
    public string? By { get; init; }
}

/// <summary>One change for the event stream: blocks and mode changed, or numbers for the header.</summary>
internal sealed record PulseView
{
    public required int LiveBlocks { get; init; }
    public required string Mode { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Note { get; init; }
}
