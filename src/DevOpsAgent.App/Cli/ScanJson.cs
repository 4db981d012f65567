using System.Text.Json.Serialization;
using DevOpsAgent.App.Views;
using DevOpsAgent.Service;

namespace DevOpsAgent.App.Cli;

/// <summary>What `scan --json` prints. Keys in snake_case; append only.</summary>
internal sealed record ScanView
{
    public required IReadOnlyList<string> Files { get; init; }
    public required long Lines { get; init; }
    public required long Parsed { get; init; }

    /// <summary>Lines that gave no event, by reason.</summary>
    public required IReadOnlyDictionary<string, long> Unparsed { get; init; }

    public required long Bytes { get; init; }
    public required double Seconds { get; init; }

    /// <summary>Clients remembered at the end, and those forgotten at the memory cap.</summary>
    public required int Clients { get; init; }

    public required long EvictedClients { get; init; }

    /// <summary>"direct", "behindbalancer", "headerspoofed" or "unknown".</summary>
    public required string Topology { get; init; }

    /// <summary>Files that could not be read, or only in part.</summary>
    public required IReadOnlyList<string> Problems { get; init; }

    /// <summary>Worst first.</summary>
    public required IReadOnlyList<IncidentView> Incidents { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(ScanView))]
[JsonSerializable(typeof(ReplayReport))]
internal sealed partial class ScanJson : JsonSerializerContext;
