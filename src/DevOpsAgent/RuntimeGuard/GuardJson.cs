using System.Text.Json;
using System.Text.Json.Serialization;

namespace DevOpsAgent.RuntimeGuard;

/// <summary>The JSON of what the guard writes and reads, one line each.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GuardEvent))]
[JsonSerializable(typeof(Violation))]
[JsonSerializable(typeof(GuardStats))]
[JsonSerializable(typeof(string))]
internal sealed partial class GuardJson : JsonSerializerContext;
