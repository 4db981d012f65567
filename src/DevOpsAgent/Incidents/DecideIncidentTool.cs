using System.Text.Json;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Store;

namespace DevOpsAgent.Incidents;

/// <summary>Approves, rejects, or takes one of these back. The decision is stored; who applies blocks sees it there.</summary>
internal sealed class DecideIncidentTool(IncidentDesk desk, IStore store) : Tool<IncidentDecision>
{
    public const int MaxNote = 500;

    public override string Name => "decide_incident";

    public override string Description => "Approves or rejects an incident's recommendation, or takes that back";

    public override ToolSchema Schema { get; } = new(
    [
        new("decision", FieldType.Choice, "What is decided") { Values = ["approve", "reject", "undo"] },
        new("incident", FieldType.Integer, "The incident's number") { Min = 1 },
        new("note", FieldType.Text, "Why, for the history") { Required = false, MaxLength = MaxNote },
        new("ttl", FieldType.Duration, "Block for this long instead of the recommended time") { Required = false },
    ]);

    public override bool HasEffect => true;

    /// <summary>Rejecting hides what was found, and undoing opens what was blocked. Approving is judged by the mode.</summary>
    public override bool PersonOnly => true;

    public override void Write(IncidentDecision request, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("decision", Text(request.Kind));
        writer.WriteNumber("incident", request.Id);
        if (request.Note is { } note)
        {
            writer.WriteString("note", note.AsSpan(0, Math.Min(note.Length, MaxNote)));
        }

        if (request.Ttl is { } ttl)
        {
            writer.WriteString("ttl", DurationText.Of(ttl));
        }

        writer.WriteEndObject();
    }

    public override IncidentDecision Bind(JsonElement parameters, Caller caller) =>
        new(parameters.GetProperty("incident").GetInt64(), Enum.Parse<DecisionKind>(parameters.GetProperty("decision").GetString()!, ignoreCase: true), caller.By, caller.Origin)
        {
            Note = parameters.TryGetProperty("note", out var note) ? note.GetString() : null,
            Ttl = parameters.TryGetProperty("ttl", out var ttl) && DurationText.TryParse(ttl.GetString(), out var span) ? span : null,
        };

    public override long? IncidentOf(IncidentDecision request) => request.Id;

    public override bool? Stands(Intent intent)
    {
        using var parameters = JsonDocument.Parse(intent.Parameters);
        var decision = Enum.Parse<DecisionKind>(parameters.RootElement.GetProperty("decision").GetString()!, ignoreCase: true);
        return store.GetHistory(parameters.RootElement.GetProperty("incident").GetInt64()).Any(c => c.At >= intent.At && c.By == intent.Caller.By && decision switch
        {
            DecisionKind.Approve => c.To == IncidentStatus.Approved,
            DecisionKind.Reject => c.To == IncidentStatus.Rejected,
            _ => c.To is IncidentStatus.Recommended or IncidentStatus.Open,
        });
    }

    internal override Task<IReadOnlyList<ToolResult>> RunAsync(IReadOnlyList<Permit<IncidentDecision>> permits, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ToolResult>>([.. permits.Select(desk.Decide).Select(static outcome => new ToolResult(outcome.Succeeded, outcome.Message) { Value = outcome })]);

    private static string Text(DecisionKind kind) => kind switch
    {
        DecisionKind.Approve => "approve",
        DecisionKind.Reject => "reject",
        _ => "undo",
    };
}
