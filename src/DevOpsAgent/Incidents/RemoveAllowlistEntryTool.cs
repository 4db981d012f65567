using System.Text.Json;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Store;

namespace DevOpsAgent.Incidents;

/// <summary>Takes an entry off the allowlist: what it covered may be blocked again.</summary>
internal sealed class RemoveAllowlistEntryTool(AllowlistDesk desk, IStore store) : Tool<DisallowRequest>
{
    public override string Name => "remove_allowlist_entry";

    public override string Description => "Takes an entry off the allowlist; what it covered may be blocked again";

    public override ToolSchema Schema { get; } = new(
    [
        new("id", FieldType.Integer, "The entry's number") { Required = false, Min = 0 },
        new("value", FieldType.Text, "Or its address, range or name") { Required = false, MaxLength = 300 },
    ]);

    public override bool HasEffect => true;

    public override bool PersonOnly => true;

    public override void Write(DisallowRequest request, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        if (request.Id is { } id)
        {
            writer.WriteNumber("id", id);
        }

        if (request.Value is { } value)
        {
            writer.WriteString("value", value.AsSpan(0, Math.Min(value.Length, 300)));
        }

        writer.WriteEndObject();
    }

    public override DisallowRequest Bind(JsonElement parameters, Caller caller) => new(
        parameters.TryGetProperty("id", out var id) ? id.GetInt64() : null,
        parameters.TryGetProperty("value", out var value) ? value.GetString() : null);

    public override bool? Stands(Intent intent)
    {
        using var parameters = JsonDocument.Parse(intent.Parameters);
        var request = Bind(parameters.RootElement, intent.Caller);
        return !store.GetAllowlist().Any(e => e.Id == request.Id || (AllowlistValue.TryParse(request.Value ?? "", out var value) && e.Value == value.Text));
    }

    internal override Task<IReadOnlyList<ToolResult>> RunAsync(IReadOnlyList<Permit<DisallowRequest>> permits, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ToolResult>>([.. permits.Select(desk.Remove).Select(static outcome => new ToolResult(outcome.Succeeded, outcome.Message) { Value = outcome })]);
}
