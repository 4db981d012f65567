using System.Text.Json.Serialization;

namespace DevOpsAgent.Detection;

/// <summary>
/// Everything that was counted for one subject and threat. All text comes from the log and so from an attacker: render
/// it as text only. Lists are bounded (tops 10, samples 20, chart 60 buckets); the stored JSON uses these names in
/// snake_case and is append only.
/// </summary>
internal sealed record Evidence
{
    public DateTimeOffset FirstSeen { get; init; }
    public DateTimeOffset LastSeen { get; init; }

    /// <summary>All requests of the subject since the evidence began, suspicious or not.</summary>
    public long Requests { get; init; }

    /// <summary>Requests that counted for a rule of this threat.</summary>
    public long Matched { get; init; }

    /// <summary>Distinct paths among the matched ones; exact up to 1,000, then a lower bound.</summary>
    public int DistinctPaths { get; init; }

    public IReadOnlyList<RuleCount> Rules { get; init; } = [];
    public IReadOnlyList<TopItem> Paths { get; init; } = [];
    public IReadOnlyList<TopItem> Agents { get; init; } = [];
    public IReadOnlyList<TopItem> Statuses { get; init; } = [];
    public IReadOnlyList<TopItem> Hosts { get; init; } = [];
    public IReadOnlyList<TopItem> Routers { get; init; } = [];
    public IReadOnlyList<TopItem> EntryPoints { get; init; } = [];

    /// <summary>Raw lines, oldest first, each cut at 2 KiB; invalid UTF-8 shown as U+FFFD.</summary>
    public IReadOnlyList<string> Samples { get; init; } = [];

    public Chart Chart { get; init; } = new();

    /// <summary>True: every matched line was CLF, which any client can forge. Such evidence never blocks by itself unless the log is trusted.</summary>
    public bool Forgeable { get; init; }

    /// <summary>Matched lines whose RequestCount was out of step.</summary>
    public long SuspectLines { get; init; }

    /// <summary>Client address came from X-Forwarded-For through a trusted proxy for this many matched lines.</summary>
    public long ForwardedLines { get; init; }

    /// <summary>Of an incident that the runtime guard saw: then all that is about requests is empty. Null: of logs.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ProcessEvidence? Process { get; init; }
}

/// <summary>What one rule counted: it fired when every condition held.</summary>
internal sealed record RuleCount
{
    public required string RuleId { get; init; }
    public required string Title { get; init; }
    public required bool Fired { get; init; }

    /// <summary>What the rule asks for when it fires.</summary>
    public RuleAction Action { get; init; }

    public DateTimeOffset? FiredAt { get; init; }

    /// <summary>Requests of the subject, counted from its first, when the rule fired; 0 = not fired.</summary>
    public long FiredAtRequest { get; init; }

    public required IReadOnlyList<ConditionCount> Conditions { get; init; }
}

/// <summary>One condition: "distinct_paths 7 of 5 within 10m". Value and AtLeast are fractions for ratios.</summary>
internal sealed record ConditionCount(string What, double Value, double AtLeast, TimeSpan Within);

/// <summary>A value and how often it was seen. Approximate when many distinct values compete (space-saving, 10 slots).</summary>
internal sealed record TopItem(string Value, long Count, int? Status = null);

/// <summary>Requests over time by kind of answer, from <see cref="Start"/>, <see cref="BucketSeconds"/> per bucket, at most 60 buckets.</summary>
internal sealed record Chart
{
    public DateTimeOffset Start { get; init; }
    public int BucketSeconds { get; init; } = 5;

    /// <summary>Answered 1xx-3xx.</summary>
    public IReadOnlyList<int> Ok { get; init; } = [];

    /// <summary>Answered 4xx.</summary>
    public IReadOnlyList<int> Refused { get; init; } = [];

    /// <summary>Answered 5xx or without a status.</summary>
    public IReadOnlyList<int> Failed { get; init; } = [];
}
