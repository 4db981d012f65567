using System.CommandLine;

namespace DevOpsAgent.App.Cli.LogCommands;

/// <summary>Reads log files into a store on disk, where queries find them without reading the files again.</summary>
internal static class IngestCommand
{
    public static Command Build(CommandContext context)
    {
        var store = OpenLogs.StoreOption();
        store.Required = true;
        var command = new Command("ingest", "Read log files into a store on disk") { store, context.Options.Log };
        command.SetAction((parsed, cancellation) => Task.Run(() =>
        {
            var config = context.Load(parsed).Config;
            if (config.Logs.Count == 0)
            {
                throw CommandException.Usage("There is no log to read.", "Name one with --log FILE.");
            }

            using var logs = OpenLogs.Open(config, parsed.GetRequiredValue(store), context.Terminal, cancellation);
            logs.Flush();
            foreach (var index in logs.Catalog.Indexes.Values)
            {
                context.Terminal.Out.WriteLine($"{index.Name}: {index.Count} events");
            }

            return ExitCode.Fine;
        }, cancellation));
        return command;
    }
}
