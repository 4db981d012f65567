using System.Text.Json;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Receipts;

namespace DevOpsAgent.Service;

/// <summary>The mode that somebody wants from now on.</summary>
internal sealed record ModeRequest(Mode Mode);

/// <summary>Switches the operating mode.</summary>
internal sealed class SetModeTool(ModeSwitch modes) : Tool<ModeRequest>
{
    public override string Name => "set_mode";

    public override string Description => "Switches the operating mode: auto, review or disabled";

    public override ToolSchema Schema { get; } = new([new("mode", FieldType.Choice, "The mode from now on") { Values = ["auto", "review", "disabled"] }]);

    public override bool HasEffect => true;

    public override bool PersonOnly => true;

    public override void Write(ModeRequest request, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("mode", ModeSwitch.Name(request.Mode));
        writer.WriteEndObject();
    }

    public override ModeRequest Bind(JsonElement parameters, Caller caller) => new(Enum.Parse<Mode>(parameters.GetProperty("mode").GetString()!, ignoreCase: true));

    public override bool? Stands(Intent intent)
    {
        using var parameters = JsonDocument.Parse(intent.Parameters);
        return modes.Current == Bind(parameters.RootElement, intent.Caller).Mode;
    }

    internal override Task<IReadOnlyList<ToolResult>> RunAsync(IReadOnlyList<Permit<ModeRequest>> permits, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ToolResult>>([.. permits.Select(modes.Set).Select(static mode => new ToolResult(true, $"The mode is {ModeSwitch.Name(mode)}.") { Value = mode })]);
}
