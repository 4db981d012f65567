using System.Text.Json;
using System.Text.Json.Serialization;
using DevOpsAgent.Exec;

namespace DevOpsAgent.App.ExecService;

/// <summary>The diagnostics as they leave the service: snake_case keys, append only, no reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ExecReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
