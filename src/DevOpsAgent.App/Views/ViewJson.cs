using System.Text.Json;
using System.Text.Json.Serialization;

namespace DevOpsAgent.App.Views;

/// <summary>The one JSON form of everything that leaves the program: snake_case keys, enums in lower case, no reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(Page<IncidentView>))]
[JsonSerializable(typeof(IncidentDetailView))]
[JsonSerializable(typeof(RecommendationView))]
[JsonSerializable(typeof(InvestigationView))]
[JsonSerializable(typeof(Page<BlockView>))]
[JsonSerializable(typeof(Page<AllowlistView>))]
[JsonSerializable(typeof(Page<ReceiptView>))]
[JsonSerializable(typeof(ReceiptDetailView))]
[JsonSerializable(typeof(VerifyView))]
[JsonSerializable(typeof(BehaviourView))]
[JsonSerializable(typeof(Page<ToolView>))]
[JsonSerializable(typeof(Web.Problem))]
[JsonSerializable(typeof(Web.IncidentPageView))]
[JsonSerializable(typeof(Web.ActionView))]
[JsonSerializable(typeof(Web.BulkView))]
[JsonSerializable(typeof(Web.CheckView))]
[JsonSerializable(typeof(Web.ImportView))]
[JsonSerializable(typeof(Web.ModeView))]
[JsonSerializable(typeof(Web.StatsView))]
[JsonSerializable(typeof(Web.StatusView))]
[JsonSerializable(typeof(Web.HealthView))]
[JsonSerializable(typeof(Web.PulseView))]
[JsonSerializable(typeof(Web.DecisionBody))]
[JsonSerializable(typeof(Web.BulkBody))]
[JsonSerializable(typeof(Web.BlockBody))]
[JsonSerializable(typeof(Web.AllowlistBody))]
[JsonSerializable(typeof(Web.ModeBody))]
internal sealed partial class ViewJson : JsonSerializerContext;
