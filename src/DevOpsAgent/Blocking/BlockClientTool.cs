using System.Text.Json;
using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Receipts;

namespace DevOpsAgent.Blocking;

/// <summary>Denies an address or range until a time.</summary>
internal sealed class BlockClientTool(Blocker blocker, BlockingConfig config) : Tool<BlockRequest>
{
    public const string ToolName = "block_client";

    /// <summary>Public for tests and benchmarks of the gateway alone.</summary>
    public static ToolSchema Parameters { get; } = new(
    [
        new("incident", FieldType.Integer, "The incident whose evidence it rests on") { Required = false, Min = 1 },
        new("range", FieldType.AddressRange, "The address or CIDR range to deny"),
        new("reason", FieldType.Text, "Why, for the listing and the history") { MaxLength = PendingBlocks.MaxReason },
        new("ttl", FieldType.Duration, "For how long; default is blocking.ttl") { Required = false },
    ]);

    public override string Name => ToolName;

    public override string Description => "Denies a client's address or a range in Traefik until a time";

    public override ToolSchema Schema => Parameters;

    public override bool HasEffect => true;

    public override void Write(BlockRequest request, Utf8JsonWriter writer) => WriteParameters(request, writer);

    public static void WriteParameters(BlockRequest request, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        if (request.IncidentId is { } incident)
        {
            writer.WriteNumber("incident", incident);
        }

        writer.WriteString("range", request.Range.ToString());
        writer.WriteString("reason", request.Reason.AsSpan(0, Math.Min(request.Reason.Length, PendingBlocks.MaxReason)));
        writer.WriteString("ttl", DurationText.Of(request.Ttl));
        writer.WriteEndObject();
    }

    public override BlockRequest Bind(JsonElement parameters, Caller caller) => new()
    {
        Range = AddressRange.Parse(parameters.GetProperty("range").GetString()!),
        IncidentId = parameters.TryGetProperty("incident", out var incident) ? incident.GetInt64() : null,
        Reason = parameters.GetProperty("reason").GetString()!,
        Ttl = parameters.TryGetProperty("ttl", out var ttl) && DurationText.TryParse(ttl.GetString(), out var span) ? span : config.Ttl,
        By = caller.By,
        Origin = caller.Origin,
        Mode = caller.Kind == CallerKind.Person ? Mode.Review : Mode.Auto,
    };

    public override long? IncidentOf(BlockRequest request) => request.IncidentId;

    public override bool? Stands(Intent intent)
    {
        using var parameters = JsonDocument.Parse(intent.Parameters);
        return blocker.Stands(AddressRange.Parse(parameters.RootElement.GetProperty("range").GetString()!), intent.IncidentId, intent.At);
    }

    internal override async Task<IReadOnlyList<ToolResult>> RunAsync(IReadOnlyList<Permit<BlockRequest>> permits, CancellationToken cancellationToken) =>
        [.. (await blocker.ApplyAsync(permits, cancellationToken)).Select(static block => new ToolResult(
            block.Status is BlockStatus.Active or BlockStatus.Unconfirmed,
            block.Status == BlockStatus.Pending ? $"Block {block.Id} of {block.Range} is stored; the running agent has not applied it yet." : block.Result ?? "",
            null) { Value = block })];
}
