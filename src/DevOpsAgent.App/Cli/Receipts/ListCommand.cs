using System.CommandLine;
using System.Text.Json;
using DevOpsAgent.App.Views;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards.Receipts;

namespace DevOpsAgent.App.Cli.ReceiptCommands;

internal static class ListCommand
{
    public static Command Build(CommandContext context)
    {
        var tool = new Option<string?>("--tool") { Description = "Only calls of this tool, as block_client", HelpName = "name" };
        var agent = new Option<string?>("--agent") { Description = "Only calls by this agent, as service or 'person ada'", HelpName = "agent" };
        var incident = new Option<long?>("--incident") { Description = "Only calls about this incident", HelpName = "id" };
        var decision = new Option<string?>("--decision") { Description = "Only this decision", HelpName = "decision" }.AcceptOnlyFromAmong("allow", "deny", "cancelled", "incomplete");
        var since = new Option<string?>("--since") { Description = "Only since then: 1h, 2d, or a time as 2026-11-21T09:00:00Z", HelpName = "when" };
        var limit = new Option<int>("--limit") { Description = "At most so many", HelpName = "n", DefaultValueFactory = static _ => 50 };
        var offset = new Option<int>("--offset") { Description = "Leave out the first so many", HelpName = "n" };
        var command = new Command("list", "List what was called, by whom, and what came of it, newest first") { tool, agent, incident, decision, since, limit, offset };
        var format = OutputFormat.AddTo(command);
        command.SetAction(parsed =>
        {
            var query = new ReceiptQuery
            {
                Tool = parsed.GetValue(tool),
                Agent = parsed.GetValue(agent),
                IncidentId = parsed.GetValue(incident),
                Decision = parsed.GetValue(decision) is { } name && EntryNames.TryParse<Decision>(name, EntryNames.Of, out var known) ? known : null,
                Since = parsed.GetValue(since) is { } text ? Time(text, context.Terminal.Time.GetUtcNow()) : null,
                Limit = Incidents.ListCommand.InRange(parsed.GetValue(limit), "--limit", 1, 10_000),
                Offset = Incidents.ListCommand.InRange(parsed.GetValue(offset), "--offset", 0, int.MaxValue),
            };
            using var store = ReceiptBook.Open(context.Load(parsed));
            var page = new Page<ReceiptView>([.. store.Receipts.List(query, out var total).Select(ReceiptView.Of)], total);
            if (format.IsJson(parsed))
            {
                context.Terminal.Out.WriteLine(JsonSerializer.Serialize(page, ViewJson.Default.PageReceiptView));
            }
            else
            {
                WriteTable(context.Terminal, page);
            }

            return ExitCode.Fine;
        });
        return command;
    }

    private static void WriteTable(Terminal terminal, Page<ReceiptView> page)
    {
        var now = terminal.Time.GetUtcNow();
        var table = new TextTable(
            new("SEQ", Right: true), new("AGE", Right: true), new("DECISION", Paint: PaintDecision), new("TOOL"), new("BY"), new("WITH, OR WHY NOT", Stretch: true));
        foreach (var r in page.Items)
        {
            // Names are the program's, except what a model or another program asked for by a name that no tool has.
            table.Add($"{r.Seq}", r.At is { } at ? Words.Age(now - at) : "", r.Decision ?? "", SafeText.Cut(r.Tool, 22), SafeText.Cut(r.By, 12), What(r));
        }

        table.WriteTo(terminal);
        if (terminal.IsScreen)
        {
            var waiting = page.Items.Count(static r => !r.Signed);
            terminal.Out.WriteLine($"{page.Items.Count} of {Words.Count(page.Total, "receipt", "receipts")}.{(waiting > 0 ? $" {waiting} not yet signed." : "")} devops-agent receipts show SEQ shows all of one.");
        }
    }

    /// <summary>What was done tells one row from the next; where it wasn't, why.</summary>
    private static string What(ReceiptView r) =>
        r.Reason.Length > 0 ? $"{r.Reason}: {r.Text}"
        : r.Decision is "allow" or "open" && r.Parameters is { ValueKind: JsonValueKind.Object } parameters
            ? string.Join(" ", parameters.EnumerateObject().Where(static p => p.Name != "incident").Select(static p => p.Value.ValueKind == JsonValueKind.String ? p.Value.GetString() : p.Value.GetRawText()))
            : r.Text;

    internal static string? PaintDecision(string decision) => decision switch
    {
        "allow" => "32",
        "deny" => "31",
        "incomplete" or "open" or "unreadable" => "33",
        _ => null,
    };

    private static DateTimeOffset Time(string text, DateTimeOffset now) =>
        DurationText.TryParse(text, out var ago) ? now - ago
        : DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var at) ? at
        : throw CommandException.Usage($"'{text}' is neither a time nor a duration.", "Write --since 2h, --since 7d or --since 2026-11-21T09:00:00Z.");
}
