using System.CommandLine;
using DevOpsAgent.Service;

namespace DevOpsAgent.App.Cli.ModeCommands;

internal static class SetCommand
{
    public static Command Build(CommandContext context)
    {
        var mode = new Argument<string>("mode") { Description = "auto, review or disabled", HelpName = "mode" }.AcceptOnlyFromAmong("auto", "review", "disabled");
        var by = Operator.ByOption();
        var command = new Command("set", "Change the operating mode; a running agent follows at once") { mode, by };
        command.SetAction(async (parsed, cancellation) =>
        {
            var who = Operator.Of(parsed.GetValue(by), context.Terminal);
            var loaded = context.Load(parsed);
            var wanted = Enum.Parse<Configuration.Mode>(parsed.GetRequiredValue(mode), ignoreCase: true);
            await using var desk = OperatorDesk.Open(loaded, context.Terminal);
            var before = desk.Mode.Current;
            if (await desk.Effects.SetModeAsync(wanted, who.Caller, cancellation) is { } refusal)
            {
                throw CommandException.Refused(refusal);
            }

            context.Terminal.Out.WriteLine($"mode: {Words.Name(wanted)}" + (desk.AgentRuns ? "" : " (no agent runs; the next one starts with it)"));
            if (before != wanted)
            {
                context.Terminal.Out.WriteLine($"Undo: devops-agent mode set {Words.Name(before)}");
            }

            if (wanted == Configuration.Mode.Auto && !loaded.Config.Blocking.HasTarget())
            {
                context.Terminal.Error.WriteLine("warning: neither 'blocking.directory' nor 'blocking.kubernetes.way' is set: nothing will be denied, only said");
            }

            return ExitCode.Fine;
        });
        return command;
    }
}
