using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Guards;
using DevOpsAgent.Logs;
using DevOpsAgent.Logs.Sources;

namespace DevOpsAgent.Service;

/// <summary>
/// The state of the running agent at one moment, for the page, /readyz and /metrics: what it reads, how far behind it is,
/// where it writes, and whether it can. An immutable snapshot; counters start at 0 with the process.
/// </summary>
internal sealed record AgentStatus
{
    public required string Version { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public required Mode Mode { get; init; }
    public IReadOnlyList<SourceStatus> Sources { get; init; } = [];

    /// <summary>Lines read, whether parsed or not.</summary>
    public long Lines { get; init; }

    /// <summary>Lines that gave an event, per format.</summary>
    public IReadOnlyDictionary<LogFormat, long> Parsed { get; init; } = new Dictionary<LogFormat, long>();

    /// <summary>Lines that gave none, per reason.</summary>
    public IReadOnlyDictionary<UnparsedReason, long> Unparsed { get; init; } = new Dictionary<UnparsedReason, long>();

    public int TrackedClients { get; init; }

    /// <summary>Clients forgotten because the memory cap was reached.</summary>
    public long Evictions { get; init; }

    public required TargetStatus Target { get; init; }
    public StoreStatus Store { get; init; } = new(true, null);

    /// <summary>One entry per minute, oldest first, the last 60 minutes; the newest may still grow.</summary>
    public IReadOnlyList<TrafficMinute> Traffic { get; init; } = [];

    /// <summary>Findings that mode auto left to a person because a cap was reached; null = none. Shown loudly.</summary>
    public string? CapReached { get; init; }

    /// <summary>The line to the runtime guard; null: it is not followed.</summary>
    public GuardLink? Guard { get; init; }
}

/// <param name="Description">"Traefik file /etc/traefik/dynamic/devops-agent.yaml".</param>
/// <param name="Drift">Null: as it should be; else one sentence naming what differs.</param>
internal sealed record TargetStatus(string Description, bool Configured, bool Reachable, string? Drift, DateTimeOffset? CheckedAt);

/// <param name="Message">Why the store can't be written and what to do; null when it can.</param>
internal sealed record StoreStatus(bool Healthy, string? Message);

/// <summary>Requests that arrived in one minute, and those among them that counted for a rule.</summary>
internal readonly record struct TrafficMinute(DateTimeOffset Start, long Requests, long Suspicious);

/// <summary>The running agent as the web host sees it. Safe to call from several threads.</summary>
internal interface IAgentStatus
{
    AgentStatus Current { get; }

    /// <summary>Takes effect at once and outlives a restart. Null: done; else why not. A fault of the database throws.</summary>
    Task<string?> SetModeAsync(Mode mode, Caller caller, CancellationToken cancellationToken);
}
