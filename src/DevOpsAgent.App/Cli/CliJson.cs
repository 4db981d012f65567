using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Nodes;

namespace DevOpsAgent.App.Cli;

/// <summary>JSON shapes that only the command line has. Same rules as ViewJson: snake_case keys, append only, no reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(Config.CheckView))]
[JsonSerializable(typeof(Config.ShowView))]
[JsonSerializable(typeof(JsonNode))]
internal sealed partial class CliJson : JsonSerializerContext;
