using System.Text.Json.Serialization;

namespace DevOpsAgent.RuntimeGuard;

/// <summary>Numbers since the start. The first six keys are those of the Go document; there total_events counted violations only, here it counts all that was judged.</summary>
internal sealed record GuardStats
{
    [JsonPropertyName("total_events")]
    public long TotalEvents { get; init; }

    [JsonPropertyName("violations")]
    public long Violations { get; init; }

    [JsonPropertyName("blocked")]
    public long Blocked { get; init; }

    /// <summary>Violations by policy.</summary>
    [JsonPropertyName("by_process")]
    public IReadOnlyDictionary<string, long> ByProcess { get; init; } = new Dictionary<string, long>(StringComparer.Ordinal);

    [JsonPropertyName("by_type")]
    public IReadOnlyDictionary<string, long> ByType { get; init; } = new Dictionary<string, long>(StringComparer.Ordinal);

    [JsonPropertyName("started_at")]
    public DateTimeOffset StartedAt { get; init; }

    [JsonPropertyName("killed")]
    public long Killed { get; init; }

    /// <summary>Events of processes that no policy is for.</summary>
    [JsonPropertyName("unknown")]
    public long Unknown { get; init; }

    /// <summary>Paths that could not be resolved.</summary>
    [JsonPropertyName("unresolved")]
    public long Unresolved { get; init; }

    /// <summary>Exceptions of violation handlers.</summary>
    [JsonPropertyName("handler_faults")]
    public long HandlerFaults { get; init; }
}
