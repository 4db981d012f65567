using System.Text.Json;
using DevOpsAgent.Guards;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.RuntimeGuard.Alerts;

/// <param name="Process">Of this policy only; null: of all that have none of their own.</param>
/// <param name="By">For the guard's log; the receipt has the caller.</param>
internal sealed record GuardModeRequest(GuardMode Mode, string? Process, string By);

/// <summary>Switches the mode of the guard while it runs.</summary>
internal sealed class SetGuardModeTool(GuardService guard) : Tool<GuardModeRequest>
{
    public override string Name => "set_guard_mode";

    public override string Description => "Switches what the runtime guard does about violations: audit, alert or enforce";

    public override ToolSchema Schema { get; } = new(
    [
        new("mode", FieldType.Choice, "The mode from now on") { Values = [.. GuardModes.Names] },
        new("process", FieldType.Text, "Of this policy only") { Required = false, MaxLength = 100 },
    ]);

    public override bool HasEffect => true;

    public override bool PersonOnly => true;

    public override void Write(GuardModeRequest request, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("mode", request.Mode.Word());
        if (request.Process is { } process)
        {
            writer.WriteString("process", process);
        }

        writer.WriteEndObject();
    }

    public override GuardModeRequest Bind(JsonElement parameters, Caller caller) => new(
        GuardModes.TryParse(parameters.GetProperty("mode").GetString(), out var mode) ? mode : throw new FormatException("the mode is not known"),
        parameters.TryGetProperty("process", out var process) ? process.GetString() : null,
        caller.By);

    internal override Task<IReadOnlyList<ToolResult>> RunAsync(IReadOnlyList<Permit<GuardModeRequest>> permits, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ToolResult>>([.. permits.Select(Set)]);

    private ToolResult Set(Permit<GuardModeRequest> permit)
    {
        var (mode, process, by) = permit.Take();
        if (process is not null && !guard.TrySetMode(process, mode, by))
        {
            return new(false, $"The policy has no process '{process}'.");
        }

        if (process is null)
        {
            guard.SetMode(mode, by);
        }

        return new(true, $"The mode{(process is null ? "" : " of " + process)} is {mode.Word()}.");
    }
}
