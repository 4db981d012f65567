using System.CommandLine;
using System.Text.Json;
using DevOpsAgent.App.Views;

namespace DevOpsAgent.App.Cli.Incidents;

internal static class ShowCommand
{
    public static Command Build(CommandContext context)
    {
        var id = new Argument<long>("id") { Description = "The incident's number", HelpName = "id" };
        var samples = new Option<int>("--samples") { Description = "So many raw log lines, at most 20", HelpName = "n", DefaultValueFactory = static _ => 5 };
        var command = new Command("show", "Show one incident: evidence, recommendation with the exact change, history") { id, samples };
        var format = OutputFormat.AddTo(command);
        command.SetAction(parsed =>
        {
            using var store = OperatorDesk.Look(context.Load(parsed));
            var incident = store.GetIncident(parsed.GetValue(id)) ?? throw CommandException.Refused($"There is no incident {parsed.GetValue(id)}.", "'devops-agent incidents list --all' shows those that exist.");
            var detail = IncidentDetails.Of(store, incident);
            if (format.IsJson(parsed))
            {
                context.Terminal.Out.WriteLine(JsonSerializer.Serialize(detail, ViewJson.Default.IncidentDetailView));
            }
            else
            {
                IncidentText.Write(context.Terminal, detail, ListCommand.InRange(parsed.GetValue(samples), "--samples", 0, 20));
            }

            return ExitCode.Fine;
        });
        return command;
    }
}
