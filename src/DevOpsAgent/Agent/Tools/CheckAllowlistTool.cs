using System.Buffers;
using System.Text.Json;
using DevOpsAgent.Addresses;
using DevOpsAgent.Guards;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.Agent.Tools;

internal sealed record AllowlistQuestion(AddressRange Address);

/// <summary>Tells whether an address or range is never blocked. Only reads: no tool of a model writes the allowlist.</summary>
internal sealed class CheckAllowlistTool(Allowlist allowlist, TimeProvider time) : Tool<AllowlistQuestion>
{
    public override string Name => "check_allowlist";

    public override string Description => "Tells whether an IP address is on the allowlist and so never blocked; reads only";

    public override ToolSchema Schema { get; } = new([new("address", FieldType.AddressRange, "The address or CIDR range")]);

    public override bool HasEffect => false;

    public override void Write(AllowlistQuestion request, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("address", request.Address.ToString());
        writer.WriteEndObject();
    }

    public override AllowlistQuestion Bind(JsonElement parameters, Caller caller) => new(AddressRange.Parse(parameters.GetProperty("address").GetString()!));

    internal override Task<IReadOnlyList<ToolResult>> RunAsync(IReadOnlyList<Permit<AllowlistQuestion>> permits, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ToolResult>>([.. permits.Select(p => Answer(p.Take().Address))]);

    private ToolResult Answer(AddressRange range)
    {
        var now = time.GetUtcNow();
        var covering = allowlist.Covering(range, now);
        var whole = covering.Count == 1 && covering[0].Contains(range);
        AllowlistEntry? entry = null;
        if (whole)
        {
            allowlist.IsAllowed(range.Address, now, out entry);
        }

        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("address", range.ToString());
            writer.WriteBoolean("allowlisted", whole);
            writer.WriteNumber("allowlisted_parts", whole ? 0 : covering.Count);
            if (entry is not null)
            {
                writer.WriteString("entry", entry.Value);
                writer.WriteString("description", entry.Description);
            }

            writer.WriteEndObject();
        }

        var reader = new Utf8JsonReader(buffer.WrittenSpan);
        return new(true, whole ? $"{range} is on the allowlist." : covering.Count > 0 ? $"{covering.Count} addresses or ranges inside {range} are on the allowlist." : $"{range} is not on the allowlist.", JsonElement.ParseValue(ref reader));
    }
}
