using System.Text.Json.Serialization;

namespace DevOpsAgent.RuntimeGuard.Alerts;

/// <summary>
/// An Alert is what others are told about violations that are alike (same process, kind and object): one at once for the first,
/// one for each further <see cref="AlertGroups.Window"/> in which more came. The counts of all alerts add up to the violations.
/// </summary>
internal sealed record Alert
{
    /// <summary>Rises by one with each alert of a journal; 0 before it is written there.</summary>
    public long Seq { get; init; }

    public DateTimeOffset First { get; init; }
    public DateTimeOffset Last { get; init; }

    /// <summary>Violations that this alert stands for.</summary>
    public long Count { get; init; } = 1;

    /// <summary>What the policy wants done about it.</summary>
    public IReadOnlyList<string> Actions { get; init; } = [];

    /// <summary>The newest of them.</summary>
    public required Violation Violation { get; init; }

    /// <summary>The process with those above it and its children, when the first came. Empty: it was gone already.</summary>
    public IReadOnlyList<ProcessNode> Tree { get; init; } = [];

    /// <summary>What the guard did about it, or why it did not.</summary>
    public IReadOnlyList<AlertResponse> Responses { get; init; } = [];

    /// <summary>Other violations of this process that are told by no alert, because there were too many; since the last alert that says so.</summary>
    public long HeldBack { get; init; }
}

/// <summary>A process in a tree. No arguments: passwords stand there.</summary>
/// <param name="Exe">Path of the executable; empty: not to be seen.</param>
/// <param name="Uid">-1: unknown.</param>
internal sealed record ProcessNode(int Pid, int ParentPid, string Exe, int Uid, ProcessRole Role);

[JsonConverter(typeof(JsonStringEnumConverter<ProcessRole>))]
internal enum ProcessRole
{
    [JsonStringEnumMemberName("ancestor")]
    Ancestor,

    /// <summary>It did it.</summary>
    [JsonStringEnumMemberName("violator")]
    Violator,

    [JsonStringEnumMemberName("child")]
    Child,
}

/// <param name="Action">kill_process, isolate_network or increment_circuit_breaker.</param>
/// <param name="Done">False: refused or failed; the text says why.</param>
/// <param name="Receipt">Number of the call in the guard's receipts; null: it was no call.</param>
internal sealed record AlertResponse(string Action, bool Done, string Text, long? Receipt = null);

/// <summary>Alerts in their order, and how far a reader is with them.</summary>
/// <param name="Journal">Changes when the journal was begun anew: numbers of the old one mean nothing then.</param>
/// <param name="Next">The number to ask after the next time.</param>
/// <param name="Lost">Alerts after the asked number that are not kept any more.</param>
internal sealed record AlertPage(string Journal, IReadOnlyList<Alert> Alerts, long Next, long Lost);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Alert))]
[JsonSerializable(typeof(AlertPage))]
[JsonSerializable(typeof(AlertDelivered))]
[JsonSerializable(typeof(CursorState))]
internal sealed partial class AlertJson : JsonSerializerContext;
