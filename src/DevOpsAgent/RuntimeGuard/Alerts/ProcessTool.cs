using System.Text.Json;
using DevOpsAgent.Guards;

namespace DevOpsAgent.RuntimeGuard.Alerts;

/// <summary>A tool that is asked with a <see cref="ProcessRequest"/>. Called by the guard's own code only: no model can name a process.</summary>
internal abstract class ProcessTool : Tool<ProcessRequest>
{
    private const int MaxText = 500;

    public override ToolSchema Schema { get; } = new(
    [
        new("pid", FieldType.Integer, "The process") { Min = 0, Max = int.MaxValue },
        new("process", FieldType.Text, "The policy that it is under") { MaxLength = MaxText },
        new("reason", FieldType.Text, "What it did") { MaxLength = MaxText },
    ]);

    public override bool HasEffect => true;

    public override bool PersonOnly => true;

    public override void Write(ProcessRequest request, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("pid", request.Pid);
        writer.WriteString("process", PlainText.Of(request.Process, MaxText - 1));
        writer.WriteString("reason", PlainText.Of(request.Reason, MaxText - 1));
        writer.WriteEndObject();
    }

    /// <exception cref="FormatException">Always.</exception>
    public override ProcessRequest Bind(JsonElement parameters, Caller caller) => throw new FormatException("processes are named by the guard alone");

    internal override Task<IReadOnlyList<ToolResult>> RunAsync(IReadOnlyList<Permit<ProcessRequest>> permits, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ToolResult>>([.. permits.Select(Act)]);

    protected abstract ToolResult Act(Permit<ProcessRequest> permit);
}
