using DevOpsAgent.Guards;

namespace DevOpsAgent.App.Views;

/// <summary>A tool with its parameters, its guards in their order, and what came of its last calls.</summary>
/// <param name="PersonOnly">A model may only propose it.</param>
/// <param name="Calls">The newest calls that were looked at, of which so many were done and so many stand open.</param>
/// <param name="UsedBy">Commands and endpoints that go through it.</param>
internal sealed record ToolView(
    string Name, string Description, bool HasEffect, bool PersonOnly, IReadOnlyList<ToolFieldView> Parameters, IReadOnlyList<ToolGuardView> Guards, int Calls, int Done, int Open, IReadOnlyList<string> UsedBy)
{
    public static ToolView Of(ToolReport report) => new(
        report.Tool.Name, report.Tool.Description, report.Tool.HasEffect, report.Tool.PersonOnly,
        [.. report.Tool.Schema.Fields.Select(static f => new ToolFieldView(f.Name, FieldTypeName(f.Type), f.Required, f.Description, f.Values))],
        [.. report.Guards.Select(ToolGuardView.Of)], report.Calls, report.Done, report.Open, EffectTable.UsersOf(report.Tool.Name));

    private static string FieldTypeName(FieldType type) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(type.ToString());
}

internal sealed record ToolFieldView(string Name, string Type, bool Required, string Description, IReadOnlyList<string> Values);

/// <summary>What a guard lately said of a tool's calls.</summary>
internal sealed record ToolGuardView(string Name, bool Advisory, int Allowed, int Denied, int Waiting, int Signals, DenialView? LastDenial)
{
    public static ToolGuardView Of(GuardReport report) => new(
        report.Name, report.Advisory, report.Allowed, report.Denied, report.Waiting, report.Signals,
        report.LastDenial is { } denial ? new(denial.At, denial.Caller.Agent, denial.Reason, denial.Text, denial.Intent) : null);
}

/// <param name="Intent">The seq of the call's intent, for 'receipts show'.</param>
internal sealed record DenialView(DateTimeOffset At, string Agent, string Reason, string Text, long Intent);
