using System.Text.Json.Serialization;

namespace DevOpsAgent.RuntimeGuard;

/// <summary>A process did, or tried, what its policy denies. JSON keys, types, severities and details are those of the Go document; the last four keys are added.</summary>
/// <param name="Type">syscall, file, network, exec or resource.</param>
/// <param name="Severity">LOW, MEDIUM, HIGH or CRITICAL.</param>
/// <param name="Action">What was done: logged, alerted, blocked (the call failed) or killed (it may have happened before).</param>
/// <param name="PolicyMode">audit, alert or enforce.</param>
/// <param name="WouldAction">What the mode asks for; differs from <see cref="Action"/> where the backend can't.</param>
/// <param name="Backend">Who saw it: check, proc, process, ...</param>
/// <param name="Method">How it was seen or stopped, and what may have happened: "open descriptors, observed after the fact".</param>
/// <param name="Rule">The rule of the policy, as written; null where what is missing is a rule.</param>
internal sealed record Violation(
    [property: JsonPropertyName("timestamp")] DateTimeOffset Timestamp,
    [property: JsonPropertyName("process_name")] string ProcessName,
    [property: JsonPropertyName("pid")] int Pid,
    [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("detail")] string Detail,
    [property: JsonPropertyName("severity")] string Severity,
    [property: JsonPropertyName("action")] string Action,
    [property: JsonPropertyName("policy_mode")] string PolicyMode,
    [property: JsonPropertyName("would_action")] string WouldAction,
    [property: JsonPropertyName("backend")] string Backend,
    [property: JsonPropertyName("method")] string Method,
    [property: JsonPropertyName("rule")] string? Rule)
{
    /// <summary>Line of the rule in the policy file; 0: none.</summary>
    [JsonPropertyName("line")]
    public int Line { get; init; }
}
