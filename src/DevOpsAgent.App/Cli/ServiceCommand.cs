using DevOpsAgent.App.EsEndpoint;
using DevOpsAgent.App.GuardControl;
using DevOpsAgent.App.Web;
using DevOpsAgent.Configuration;
using DevOpsAgent.Service;

namespace DevOpsAgent.App.Cli;

/// <summary>The root command: the service itself, with its page. Says on standard error what happens, a line each.</summary>
internal static class ServiceCommand
{
    public static async Task<int> RunAsync(LoadedConfig loaded, Terminal terminal, CancellationToken cancellationToken, string? esListen = null)
    {
        // A signal that comes before the command has returned its task would end the process at once, with nothing stored.
        await Task.Yield();
        var config = loaded.Config;
        if (config.Logs.Count == 0 && !config.WatchesElasticsearch() && !config.Web.Serve)
        {
            throw CommandException.Usage("There is no log to follow.", "Give --log /var/log/traefik/access.log (or - for standard input), or logs in a file given with --config.");
        }

        var narrator = new Narrator(terminal);
        await using var service = await AgentService.StartAsync(config, CommandLine.Version, Console.OpenStandardInput(), terminal.Time, narrator.Tell);
        await using var web = config.Web.Serve ? await StartWebAsync(config, service, narrator, cancellationToken) : null;
        await using var store = esListen is null && !ModelService.NeedsStore(config) ? null : await StoreService.StartAsync(config, esListen, service, terminal, narrator, cancellationToken);
        await using var guard = GuardFollower.Start(config, service, terminal.Time, narrator.Tell);
        await using var model = ModelService.IsFor(config) ? ModelService.Start(config, service, terminal, narrator) : null;
        narrator.Started(config, service, web?.Address);

        // What reading rules and lists left behind is given back now: an agent with little traffic may not collect for hours.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        ColdCode.GiveBack();
        await service.RunAsync(cancellationToken);
        return ExitCode.Fine;
    }

    /// <summary>The page and the API over a service's parts.</summary>
    public static Task<WebHost> StartWebAsync(AgentConfig config, AgentService service, Narrator narrator, CancellationToken cancellationToken)
    {
        var parts = service.Parts;
        var actions = new DeskActions(parts, TimeProvider.System);
        return WebHost.StartAsync(config.Web, new(parts.Store, actions, service.Health, config.Blocking, TimeProvider.System) { Receipts = parts.Receipts, Keys = parts.Keys, Behaviour = config.Behaviour }, narrator.Fault, cancellationToken);
    }
}
