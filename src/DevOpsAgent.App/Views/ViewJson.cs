using System.Text.Json;
using System.Text.Json.Serialization;

namespace DevOpsAgent.App.Views;

/// <summary>The one JSON form of everything that leaves the program: snake_case keys, enums in lower case, no reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(Page<IncidentView>))]
[JsonSerializable(typeof(IncidentDetailView))]
[JsonSerializable(typeof(RecommendationView))]
[JsonSerializable(typeof(Page<BlockView>))]
[JsonSerializable(typeof(Page<AllowlistView>))]
internal sealed partial class ViewJson : JsonSerializerContext;
