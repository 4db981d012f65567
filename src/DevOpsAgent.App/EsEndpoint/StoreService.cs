using DevOpsAgent.App.Cli;
using DevOpsAgent.Configuration;
using DevOpsAgent.LogStore;
using DevOpsAgent.LogStore.Api;
using DevOpsAgent.LogStore.Disk;
using DevOpsAgent.Service;

namespace DevOpsAgent.App.EsEndpoint;

/// <summary>The log store beside the running service: fed with what it reads, asked over Elasticsearch's paths.</summary>
internal sealed class StoreService : IAsyncDisposable
{
    private readonly LogStoreDirectory _directory;
    private readonly EsHost? _host;
    private readonly AgentService _service;

    private StoreService(LogStoreDirectory directory, EsHost? host, AgentService service)
    {
        _directory = directory;
        _host = host;
        _service = service;
    }

    /// <param name="listen">Null: kept for the agent's own queries alone.</param>
    /// <exception cref="CommandException">The folder or the address can't be used.</exception>
    public static async Task<StoreService> StartAsync(AgentConfig config, string? listen, AgentService service, Terminal terminal, Narrator narrator, CancellationToken cancellationToken)
    {
        var folder = config.Database.Path + ".logs";
        LogStoreDirectory directory;
        try
        {
            directory = new(folder, new(), terminal.Time);
        }
        catch (Exception e) when (e is StoreDamagedException or IOException or UnauthorizedAccessException)
        {
            throw CommandException.Dependency(e.Message, "Make the folder writable, or move it away.");
        }

        try
        {
            foreach (var problem in directory.Problems)
            {
                narrator.Say("logs", problem);
            }

            var host = listen is null ? null : await EsHost.StartAsync(listen, new ElasticApi(directory.Catalog, terminal.Time, allowWrites: false), cancellationToken);
            var feed = new LogStoreFeed(directory, terminal.Time, problem => narrator.Say("logs", problem));
            service.Lines = feed.Read;
            service.Parts.Logs.Search = new EmbeddedSearch(directory.Catalog, terminal.Time, LogStoreFeed.IndexPrefix + "-*");
            if (host is not null)
            {
                narrator.Say("logs", $"{host.Address} answers Elasticsearch queries on {folder}");
            }

            return new(directory, host, service);
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _service.Lines = null;
        _service.Parts.Logs.Search = null;
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        _directory.Dispose();
    }
}
