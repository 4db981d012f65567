using System.CommandLine;

namespace DevOpsAgent.App.Cli.Blocks;

internal static class ExportCommand
{
    public static Command Build(CommandContext context)
    {
        var command = new Command("export", "Print the Traefik file for the live blocks, exactly as it would be written");
        command.SetAction(async parsed =>
        {
            var loaded = context.Load(parsed);
            OperatorDesk.Look(loaded).Dispose();
            await using var desk = OperatorDesk.Open(loaded, context.Terminal);
            var text = desk.Export();
            context.Terminal.Out.Write(text.Length == 0 ? "# devops-agent: nothing is denied\n" : text);
            return ExitCode.Fine;
        });
        return command;
    }
}
