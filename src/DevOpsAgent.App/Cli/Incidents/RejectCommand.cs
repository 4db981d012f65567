using System.CommandLine;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.App.Cli.Incidents;

internal static class RejectCommand
{
    public static Command Build(CommandContext context)
    {
        var ids = Decision.Ids();
        var by = Operator.ByOption();
        var note = new Option<string?>("--note") { Description = "Why, for the history", HelpName = "text" };
        var command = new Command("reject", "Reject incidents: nothing is denied, and they are closed") { ids, by, note };
        var format = OutputFormat.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var who = Operator.Of(parsed.GetValue(by), context.Terminal);
            var loaded = context.Load(parsed);
            OperatorDesk.Look(loaded).Dispose();
            await using var desk = OperatorDesk.Open(loaded, context.Terminal);
            var outcomes = await desk.Effects.DecideAsync(Decision.All(parsed.GetRequiredValue(ids), DecisionKind.Reject, who, d => d with { Note = parsed.GetValue(note) }), who.Caller, cancellation);
            return Decision.Report(context.Terminal, [.. outcomes.Select(static o => Decision.Of(o, $"devops-agent incidents undo {o.Id}"))], format.IsJson(parsed));
        });
        return command;
    }
}
