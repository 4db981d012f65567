using System.Text.Json.Serialization;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Alerts;

namespace DevOpsAgent.App.GuardControl;

/// <summary>GET /health. <c>status</c> and <c>mode</c> as the Go daemon had them; the rest is added.</summary>
/// <param name="Status">ok, or degraded: events were lost, or rules are not enforced.</param>
/// <param name="Guarded">Processes that run now, by policy; every policy is there.</param>
/// <param name="Unmet">Rules that the backend can't enforce.</param>
/// <param name="LostKernel">Events lost in the kernel's ring, and in the guard's queue, since the start.</param>
/// <param name="Alerts">What became of violations.</param>
internal sealed record GuardHealthView(string Status, string Mode, string Backend, string Policy, IReadOnlyDictionary<string, GuardedView> Guarded, IReadOnlyList<UnmetView> Unmet, IReadOnlyList<RefusalView> Refused, long LostKernel, long LostQueue, AlertsStatus? Alerts = null);

/// <param name="Running">Processes now.</param>
internal sealed record GuardedView(string Mode, int Running);

/// <param name="Instead">none, observe or kill_late.</param>
internal sealed record UnmetView(string Process, string Key, string Rule, int Line, string Instead);

/// <summary>A backend that was tried and could not be used.</summary>
internal sealed record RefusalView(string Backend, string Reason);

/// <summary>GET and POST /mode.</summary>
/// <param name="Process">Of one policy only; null: of all that have no mode of their own.</param>
internal sealed record GuardModeView(string? Mode, string? Process = null);

internal sealed record GuardErrorView(string Error);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GuardHealthView))]
[JsonSerializable(typeof(GuardModeView))]
[JsonSerializable(typeof(GuardErrorView))]
[JsonSerializable(typeof(GuardStats))]
[JsonSerializable(typeof(AlertPage))]
internal sealed partial class GuardControlJson : JsonSerializerContext;
