using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using DevOpsAgent.App.Views;

namespace DevOpsAgent.App.Cli;

/// <summary>JSON shapes that only the command line has. Same rules as ViewJson: snake_case keys, append only, no reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(Config.CheckView), TypeInfoPropertyName = "ConfigCheckView")]
[JsonSerializable(typeof(Config.ShowView), TypeInfoPropertyName = "ConfigShowView")]
[JsonSerializable(typeof(IReadOnlyList<Incidents.DecisionView>))]
[JsonSerializable(typeof(IncidentView))]
[JsonSerializable(typeof(BlockView))]
[JsonSerializable(typeof(AllowlistCommands.AllowlistImportView))]
[JsonSerializable(typeof(ModeCommands.ModeView), TypeInfoPropertyName = "CliModeView")]
[JsonSerializable(typeof(Page<Rules.RuleView>))]
[JsonSerializable(typeof(Rules.RuleTestView))]
[JsonSerializable(typeof(Explain.ExplainView))]
[JsonSerializable(typeof(Audit.VerifyView))]
[JsonSerializable(typeof(JsonNode))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(ExecCommands.ExecCheckView))]
[JsonSerializable(typeof(Page<ExecCommands.Identity.IdentityView>))]
[JsonSerializable(typeof(Page<ExecCommands.Trust.TrustView>))]
[JsonSerializable(typeof(GuardCommands.GuardAnswerView))]
[JsonSerializable(typeof(GuardCommands.GuardPolicyView))]
[JsonSerializable(typeof(GuardCommands.GuardStatusView))]
[JsonSerializable(typeof(GuardCommands.SimulationView))]
internal sealed partial class CliJson : JsonSerializerContext
{
    /// <summary>One object per line, for listings that go on (-w).</summary>
    public static CliJson Lines { get; } = new(new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower });
}
