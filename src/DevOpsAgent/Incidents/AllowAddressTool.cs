using System.Globalization;
using System.Text.Json;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Store;

namespace DevOpsAgent.Incidents;

/// <summary>Puts an address, range or name on the allowlist, or changes its entry.</summary>
internal sealed class AllowAddressTool(AllowlistDesk desk, IStore store) : Tool<AllowRequest>
{
    public override string Name => "allow_address";

    public override string Description => "Puts an address, range or DNS name on the allowlist: it is never blocked";

    public override ToolSchema Schema { get; } = new(
    [
        new("description", FieldType.Text, "What it is, for whoever reads the list") { Required = false, MaxLength = AllowlistDesk.MaxDescription },
        new("expires_at", FieldType.Time, "When the entry ends; default is never") { Required = false },
        new("force", FieldType.Boolean, "Also accept a range of every address") { Required = false },
        new("replaces", FieldType.Integer, "The entry that goes for it") { Required = false, Min = 1 },
        new("value", FieldType.Text, "Address, CIDR range or DNS name") { MaxLength = 300 },
    ]);

    public override bool HasEffect => true;

    public override bool PersonOnly => true;

    public override void Write(AllowRequest request, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("description", request.Description);
        if (request.ExpiresAt is { } expires)
        {
            writer.WriteString("expires_at", expires.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFFZ", CultureInfo.InvariantCulture));
        }

        if (request.Force)
        {
            writer.WriteBoolean("force", true);
        }

        if (request.Replaces is { } replaces)
        {
            writer.WriteNumber("replaces", replaces);
        }

        writer.WriteString("value", request.Value);
        writer.WriteEndObject();
    }

    public override AllowRequest Bind(JsonElement parameters, Caller caller) => new(
        parameters.GetProperty("value").GetString()!,
        parameters.TryGetProperty("description", out var description) ? description.GetString()! : "",
        parameters.TryGetProperty("expires_at", out var expires) ? DateTimeOffset.Parse(expires.GetString()!, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal) : null)
    {
        Force = parameters.TryGetProperty("force", out var force) && force.GetBoolean(),
        Replaces = parameters.TryGetProperty("replaces", out var replaces) ? replaces.GetInt64() : null,
    };

    public override bool? Stands(Intent intent)
    {
        using var parameters = JsonDocument.Parse(intent.Parameters);
        return AllowlistValue.TryParse(parameters.RootElement.GetProperty("value").GetString(), force: true, out var value, out _)
            && store.GetAllowlist().Any(e => e.Value == value.Text);
    }

    internal override Task<IReadOnlyList<ToolResult>> RunAsync(IReadOnlyList<Permit<AllowRequest>> permits, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ToolResult>>([.. permits.Select(desk.Add).Select(static outcome => new ToolResult(outcome.Succeeded, outcome.Message) { Value = outcome })]);
}
