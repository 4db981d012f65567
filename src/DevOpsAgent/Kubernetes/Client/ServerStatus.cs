using System.Text.Json;
using System.Text.Json.Serialization;

namespace DevOpsAgent.Kubernetes.Client;

/// <summary>The body of an answer that is no success (kind Status).</summary>
internal sealed record ServerStatus
{
    public string? Kind { get; init; }
    public string? Message { get; init; }
    public string? Reason { get; init; }
    public int Code { get; init; }
    public StatusDetails? Details { get; init; }
    public StatusMetadata? Metadata { get; init; }

    /// <summary>Null: it is something else, as the plain text of an absent group or a proxy's page.</summary>
    public static ServerStatus? Of(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, StatusJson.Default.ServerStatus) is { Kind: "Status" } status ? status : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

internal sealed record StatusDetails
{
    public string? Name { get; init; }
    public string? Group { get; init; }
    public string? Kind { get; init; }
    public int RetryAfterSeconds { get; init; }
    public IReadOnlyList<StatusCause>? Causes { get; init; }
}

internal sealed record StatusCause
{
    public string? Reason { get; init; }
    public string? Message { get; init; }
    public string? Field { get; init; }
}

internal sealed record StatusMetadata
{
    /// <summary>In a 410 of a list: where an inconsistent rest could be read.</summary>
    public string? Continue { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ServerStatus))]
internal sealed partial class StatusJson : JsonSerializerContext;
