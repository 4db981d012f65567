using System.CommandLine;

namespace DevOpsAgent.App.Cli.Incidents;

internal static class RejectCommand
{
    public static Command Build(CommandContext context)
    {
        var ids = Decision.Ids();
        var by = Operator.ByOption();
        var note = Operator.NoteOption();
        var command = new Command("reject", "Reject incidents: nothing is denied, and they are closed") { ids, by, note };
        var format = OutputFormat.AddTo(command);
        command.SetAction(async parsed =>
        {
            var who = Operator.Of(parsed.GetValue(by), context.Terminal);
            var why = Operator.Note(parsed.GetValue(note));
            var loaded = context.Load(parsed);
            OperatorDesk.Look(loaded).Dispose();
            await using var desk = OperatorDesk.Open(loaded, context.Terminal);
            var outcomes = desk.Incidents.Reject(parsed.GetRequiredValue(ids), who.By, who.Origin, why);
            return Decision.Report(context.Terminal, [.. outcomes.Select(static o => Decision.Of(o, $"devops-agent incidents undo {o.Id}"))], format.IsJson(parsed));
        });
        return command;
    }
}
