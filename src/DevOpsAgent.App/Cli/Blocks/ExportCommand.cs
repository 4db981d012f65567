using System.CommandLine;
using DevOpsAgent.Blocking;

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
            var list = Aggregation.DenyList(desk.Store.GetLiveBlocks().Select(static b => b.Range), desk.Never.All, loaded.Config.Blocking);
            context.Terminal.Out.Write(list.Ranges.Count == 0 ? "# devops-agent: nothing is denied\n" : desk.Target.Render(list));
            return ExitCode.Fine;
        });
        return command;
    }
}
