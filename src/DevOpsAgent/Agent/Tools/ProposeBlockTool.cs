using System.Text.Json;
using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;

namespace DevOpsAgent.Agent.Tools;

/// <summary>
/// Lets a model say whom it would block. The guards that judge a real block judge this one too, and nothing else happens:
/// a person or mode auto decides, by what the rules recommend.
/// </summary>
internal sealed class ProposeBlockTool(BlockingConfig config) : Tool<BlockRequest>
{
    public const string ToolName = "propose_block";

    public override string Name => ToolName;

    public override string Description => "Proposes to deny a client of an incident; says what the guards would say, blocks nothing";

    public override ToolSchema Schema { get; } = new(
    [
        new("incident", FieldType.Integer, "The incident whose evidence it rests on") { Min = 1 },
        new("range", FieldType.AddressRange, "The address of one of its clients"),
        new("reason", FieldType.Text, "Why"),
        new("ttl", FieldType.Duration, "For how long; default is blocking.ttl") { Required = false },
    ]);

    public override bool HasEffect => false;

    public override void Write(BlockRequest request, Utf8JsonWriter writer) => BlockClientTool.WriteParameters(request, writer);

    public override BlockRequest Bind(JsonElement parameters, Caller caller)
    {
        // The schema reads octal, mapped and zoned forms as what they mean; from a model only the canonical form is taken.
        var text = parameters.GetProperty("range").GetString()!;
        var range = AddressRange.Parse(text);
        if (text != range.ToString() && text != range.ToCidr())
        {
            throw new FormatException($"write the address in canonical form, as {range}");
        }

        return new()
        {
            Range = range,
            IncidentId = parameters.GetProperty("incident").GetInt64(),
            Reason = parameters.GetProperty("reason").GetString()!,
            Ttl = parameters.TryGetProperty("ttl", out var ttl) && DurationText.TryParse(ttl.GetString(), out var span) ? span : config.Ttl,
            By = caller.By,
            Origin = caller.Origin,

            // Judged as if nobody looked at it.
            Mode = Mode.Auto,
        };
    }

    public override long? IncidentOf(BlockRequest request) => request.IncidentId;

    internal override Task<IReadOnlyList<ToolResult>> RunAsync(IReadOnlyList<Permit<BlockRequest>> permits, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ToolResult>>([.. permits.Select(static p =>
        {
            var request = p.Take();
            return new ToolResult(true, $"The guards would permit to deny {request.Range}. Nothing is denied by this: it is shown to whoever decides.") { Value = request };
        })]);
}
