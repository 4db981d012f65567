using System.CommandLine;
using System.Text.Json;
using DevOpsAgent.Addresses;
using DevOpsAgent.App.Views;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;

namespace DevOpsAgent.App.Cli.Incidents;

internal static class ListCommand
{
    private static readonly IncidentStatus[] NotClosed = [IncidentStatus.Open, IncidentStatus.Recommended, IncidentStatus.Approved, IncidentStatus.Blocked, IncidentStatus.Failed];

    public static Command Build(CommandContext context)
    {
        var status = new Option<string[]>("--status") { Description = "Only this status (repeatable; default: all that are not closed)", HelpName = "status" }.AcceptOnlyFromAmong(Names<IncidentStatus>());
        var all = new Option<bool>("--all", "-A") { Description = "Also rejected, allowed and expired ones" };
        var severity = new Option<string?>("--severity") { Description = "This severity and above", HelpName = "severity" }.AcceptOnlyFromAmong(Names<Severity>());
        var threat = new Option<string?>("--threat") { Description = "Only this threat, as secrets-scan", HelpName = "threat" };
        var client = new Option<string?>("--client") { Description = "Only incidents of this address", HelpName = "ip" };
        var search = new Option<string?>("--search", "-s") { Description = "Text in client, threat, summary or top paths", HelpName = "text" };
        var sort = new Option<string>("--sort") { Description = "severity or newest", HelpName = "order", DefaultValueFactory = static _ => "severity" }.AcceptOnlyFromAmong("severity", "newest");
        var limit = new Option<int>("--limit") { Description = "At most so many", HelpName = "n", DefaultValueFactory = static _ => 50 };
        var offset = new Option<int>("--offset") { Description = "Leave out the first so many", HelpName = "n" };
        var watch = Watching.Option();
        var command = new Command("list", "List incidents") { status, all, severity, threat, client, search, sort, limit, offset, watch };
        var format = OutputFormat.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var query = new IncidentQuery
            {
                Statuses = parsed.GetValue(status) is { Length: > 0 } names ? [.. names.Select(static n => Enum.Parse<IncidentStatus>(n, ignoreCase: true))] : parsed.GetValue(all) ? null : NotClosed,
                MinSeverity = parsed.GetValue(severity) is { } least ? Enum.Parse<Severity>(least, ignoreCase: true) : null,
                Threat = parsed.GetValue(threat),
                Client = parsed.GetValue(client) is { } ip ? Address(ip) : null,
                Search = parsed.GetValue(search),
                Limit = InRange(parsed.GetValue(limit), "--limit", 1, 10_000),
                Offset = InRange(parsed.GetValue(offset), "--offset", 0, int.MaxValue),
                BySeverity = parsed.GetValue(sort) == "severity",
            };
            return RunAsync(context, parsed, query, format.IsJson(parsed), parsed.GetValue(watch), cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, ParseResult parsed, IncidentQuery query, bool json, bool watch, CancellationToken cancellationToken)
    {
        var terminal = context.Terminal;
        using var store = OperatorDesk.Look(context.Load(parsed));
        var seen = new Dictionary<long, long>();
        return await Watching.RunAsync(store, watch, terminal, first =>
        {
            var page = store.ListIncidents(query);
            var news = page.Items.Where(i => !seen.TryGetValue(i.Id, out var version) || version != i.Version).ToList();
            foreach (var incident in news)
            {
                seen[incident.Id] = incident.Version;
            }

            if (json)
            {
                WriteJson(terminal, page, news, watch);
            }
            else if (first || news.Count > 0)
            {
                WriteTable(terminal, first ? page.Items : news);
                if (first && !watch)
                {
                    WriteFooter(terminal, page);
                }
            }
        }, cancellationToken);
    }

    private static void WriteJson(Terminal terminal, IncidentPage page, List<Incident> news, bool watch)
    {
        if (!watch)
        {
            terminal.Out.WriteLine(JsonSerializer.Serialize(new Page<IncidentView>([.. page.Items.Select(IncidentView.Of)], page.Total), ViewJson.Default.PageIncidentView));
            return;
        }

        foreach (var incident in news)
        {
            terminal.Out.WriteLine(JsonSerializer.Serialize(IncidentView.Of(incident), CliJson.Lines.IncidentView));
        }
    }

    private static void WriteTable(Terminal terminal, IReadOnlyList<Incident> incidents)
    {
        var now = terminal.Time.GetUtcNow();
        var table = new TextTable(
            new("ID", Right: true), new("SEVERITY", Paint: Words.PaintSeverity), new("STATUS", Paint: Words.PaintStatus),
            new("CLIENT"), new("SEEN", Right: true), new("SUMMARY", Stretch: true));
        foreach (var i in incidents)
        {
            table.Add($"{i.Id}", Words.Name(i.Severity), Words.Name(i.Status), i.IsCampaign ? Words.Count(i.Clients.Count, "client", "clients") : i.Subject, Words.Age(now - i.Evidence.LastSeen), i.Summary);
        }

        table.WriteTo(terminal);
    }

    private static void WriteFooter(Terminal terminal, IncidentPage page)
    {
        if (!terminal.IsScreen)
        {
            return;
        }

        var waiting = page.Items.Count(static i => i.Status == IncidentStatus.Recommended);
        terminal.Out.WriteLine($"{page.Items.Count} of {Words.Count(page.Total, "incident", "incidents")}." + (waiting > 0 ? $" {waiting} wait for approval: devops-agent incidents show ID, then approve ID or reject ID." : ""));
    }

    internal static string[] Names<T>() where T : struct, Enum => [.. Enum.GetNames<T>().Select(static n => n.ToLowerInvariant())];

    internal static ClientAddress Address(string text) => ClientAddress.TryParse(text, out var address)
        ? address
        : throw CommandException.Usage($"'{text}' is not an IP address.", "Write it as 203.0.113.7 or 2001:db8::1.");

    internal static int InRange(int value, string option, int least, int most) => value >= least && value <= most
        ? value
        : throw CommandException.Usage($"{option} must be from {least} to {most}, not {value}.");
}
