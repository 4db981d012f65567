using System.Text.Json;
using DevOpsAgent.Detection;

namespace DevOpsAgent.Store;

/// <summary>Evidence as JSON. What an earlier version did not store yet reads as the value that the type begins with.</summary>
internal static class StoredEvidence
{
    private static readonly Evidence Empty = new();

    public static string Write(Evidence evidence) => JsonSerializer.Serialize(evidence, StoreJson.Default.Evidence);

    /// <summary>Throws <see cref="JsonException"/>.</summary>
    public static Evidence Read(string json)
    {
        // The generated reader sets each init-only property, those that are missing to null.
        var read = JsonSerializer.Deserialize(json, StoreJson.Default.Evidence) ?? throw new JsonException("null");
        return read with
        {
            Rules = read.Rules ?? Empty.Rules,
            Paths = read.Paths ?? Empty.Paths,
            Agents = read.Agents ?? Empty.Agents,
            Statuses = read.Statuses ?? Empty.Statuses,
            Hosts = read.Hosts ?? Empty.Hosts,
            Routers = read.Routers ?? Empty.Routers,
            EntryPoints = read.EntryPoints ?? Empty.EntryPoints,
            Samples = read.Samples ?? Empty.Samples,
            Process = read.Process is { } process
                ? process with { Process = process.Process ?? "", Mode = process.Mode ?? "", Backend = process.Backend ?? "", Violations = process.Violations ?? [], Tree = process.Tree ?? [], Acts = process.Acts ?? [] }
                : null,
            Chart = read.Chart is { } chart
                ? chart with
                {
                    BucketSeconds = chart.BucketSeconds == 0 ? Empty.Chart.BucketSeconds : chart.BucketSeconds,
                    Ok = chart.Ok ?? [],
                    Refused = chart.Refused ?? [],
                    Failed = chart.Failed ?? [],
                }
                : Empty.Chart,
        };
    }
}
