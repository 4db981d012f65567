using System.CommandLine;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.App.Cli.Incidents;

internal static class UndoCommand
{
    public static Command Build(CommandContext context)
    {
        var ids = Decision.Ids();
        var by = Operator.ByOption();
        var command = new Command("undo", "Take an approval or a rejection back: what is denied is opened, the incident waits again") { ids, by };
        var format = OutputFormat.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var who = Operator.Of(parsed.GetValue(by), context.Terminal);
            var loaded = context.Load(parsed);
            OperatorDesk.Look(loaded).Dispose();
            await using var desk = OperatorDesk.Open(loaded, context.Terminal);
            var outcomes = await desk.Effects.DecideAsync(Decision.All(parsed.GetRequiredValue(ids), DecisionKind.Undo, who), who.Caller, cancellation);
            if (!desk.AgentRuns && outcomes.Any(static o => o.Result == DeskResult.Done))
            {
                await desk.Agent.Blocker.SyncAsync();
            }

            return Decision.Report(context.Terminal, [.. outcomes.Select(static o => Decision.Of(o, o.Result == DeskResult.Done ? $"devops-agent incidents approve {o.Id}" : null))], format.IsJson(parsed));
        });
        return command;
    }
}
