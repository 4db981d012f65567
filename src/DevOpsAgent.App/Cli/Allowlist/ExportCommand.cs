using System.CommandLine;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.App.Cli.AllowlistCommands;

internal static class ExportCommand
{
    public static Command Build(CommandContext context)
    {
        var command = new Command("export", "Print the allowlist as CSV");
        command.SetAction(parsed =>
        {
            using var store = OperatorDesk.Look(context.Load(parsed));
            context.Terminal.Out.Write(AllowlistCsv.Write(store.GetAllowlist()));
            return ExitCode.Fine;
        });
        return command;
    }
}
