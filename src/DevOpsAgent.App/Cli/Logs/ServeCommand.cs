using System.CommandLine;
using DevOpsAgent.App.EsEndpoint;
using DevOpsAgent.LogStore.Api;

namespace DevOpsAgent.App.Cli.LogCommands;

/// <summary>Serves log files or a store under Elasticsearch's paths, on loopback, until it is stopped.</summary>
internal static class ServeCommand
{
    public static Command Build(CommandContext context)
    {
        var listen = new Option<string>("--es-listen") { Description = "Loopback address and port", HelpName = "address:port", DefaultValueFactory = static _ => "127.0.0.1:9200" };
        var store = OpenLogs.StoreOption();
        var command = new Command("serve", "Serve log files or a store under Elasticsearch's paths, read-only") { listen, store, context.Options.Log };
        command.SetAction(async (parsed, cancellation) =>
        {
            // A signal that comes before the command has returned its task would end the process at once.
            await Task.Yield();
            using var logs = OpenLogs.Open(context.Load(parsed).Config, parsed.GetValue(store), context.Terminal, cancellation);
            await using var host = await EsHost.StartAsync(parsed.GetRequiredValue(listen), new ElasticApi(logs.Catalog, context.Terminal.Time, allowWrites: false), cancellation);
            context.Terminal.Error.WriteLine($"logs: {host.Address} answers Elasticsearch's _search, _count, _msearch, _mapping, _field_caps; Ctrl-C stops it");
            var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var registration = cancellation.UnsafeRegister(static state => ((TaskCompletionSource)state!).SetResult(), stop);
            await stop.Task;
            return ExitCode.Fine;
        });
        return command;
    }
}
