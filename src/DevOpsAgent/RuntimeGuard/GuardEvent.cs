using System.Text.Json.Serialization;

namespace DevOpsAgent.RuntimeGuard;

/// <summary>
/// Something that a process did or tried, as a backend saw it: what engines judge, what <c>guard learn</c> records and
/// <c>guard simulate</c> reads, one JSON object per line.
/// </summary>
internal sealed record GuardEvent
{
    [JsonPropertyName("time")]
    public DateTimeOffset Time { get; init; }

    /// <summary>The policy that the process is under.</summary>
    [JsonPropertyName("process")]
    public string Process { get; init; } = "";

    [JsonPropertyName("pid")]
    public int Pid { get; init; }

    [JsonPropertyName("kind")]
    public GuardEventKind Kind { get; init; }

    /// <summary>Path, address:port or name of the system call; empty for memory and cpu.</summary>
    [JsonPropertyName("subject")]
    public string Subject { get; init; } = "";

    /// <summary>memory: MiB; cpu: percent of one processor.</summary>
    [JsonPropertyName("value")]
    public int Value { get; init; }

    /// <summary>How it was seen, or stopped.</summary>
    [JsonPropertyName("method")]
    public string Method { get; init; } = "";

    /// <summary>What the backend did about it by itself (blocked, killed); null: nothing, the engine says what follows.</summary>
    [JsonPropertyName("outcome")]
    public string? Outcome { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<GuardEventKind>))]
internal enum GuardEventKind
{
    [JsonStringEnumMemberName("syscall")]
    Syscall,

    [JsonStringEnumMemberName("file")]
    File,

    [JsonStringEnumMemberName("exec")]
    Exec,

    [JsonStringEnumMemberName("connect")]
    Connect,

    [JsonStringEnumMemberName("listen")]
    Listen,

    [JsonStringEnumMemberName("memory")]
    Memory,

    [JsonStringEnumMemberName("cpu")]
    Cpu,

    /// <summary>Somebody did the system call of the subject to this process.</summary>
    [JsonStringEnumMemberName("protect")]
    Protect,
}
