using DevOpsAgent.Agent;
using DevOpsAgent.Agent.Llm;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Logs.Elasticsearch;
using DevOpsAgent.Service;

namespace DevOpsAgent.App.Cli;

/// <summary>The language model beside the running service: looks at what the service finds, one incident at a time.</summary>
internal sealed class ModelService : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly AgentService _service;
    private readonly Task _work;
    private readonly ElasticLogs? _elastic;

    private ModelService(AgentService service, InvestigationQueue queue, ElasticLogs? elastic)
    {
        (_service, _elastic) = (service, elastic);
        if (elastic is not null)
        {
            service.Parts.Logs.Search ??= elastic;
        }

        service.Found = queue.Offer;
        _work = Task.Run(() => queue.RunAsync(_stop.Token));
    }

    /// <summary>True: a model is configured and is to look at incidents.</summary>
    public static bool IsFor(AgentConfig config) => config.Llm.IsOn && config.Agent.Investigate;

    /// <summary>True: what the service reads is kept, so that the model can query it. Elasticsearch keeps its own.</summary>
    public static bool NeedsStore(AgentConfig config) => IsFor(config) && !config.WatchesElasticsearch();

    /// <summary>A model that can't be used is said, and the service runs without it.</summary>
    /// <returns>Null: there is none.</returns>
    public static ModelService? Start(AgentConfig config, AgentService service, Terminal terminal, Narrator narrator)
    {
        try
        {
            var endpoint = LlmEndpoint.Of(config.Llm);
            var agent = service.Parts.AgentOf(ChatClients.Create(config.Llm, terminal.Time), endpoint.Model, config, Caller.Service, terminal.Time);
            var elastic = config.WatchesElasticsearch() ? Elastic(config, terminal.Time) : null;
            narrator.Say("model", $"{endpoint.Description} looks at incidents; the rules decide without it");
            return new(service, new(agent, service.Parts.Store.GetIncident, config.Agent, terminal.Time, text => narrator.Say("model", text)), elastic);
        }
        catch (LlmException e)
        {
            narrator.Say("warning", $"no incident is looked at by a model: {e.Message}");
            return null;
        }
    }

    /// <summary>Its client is the caller's to dispose.</summary>
    /// <exception cref="ElasticException">The configuration can't be used.</exception>
    public static ElasticLogs Elastic(AgentConfig config, TimeProvider time) => new(new(ElasticOptions.Of(config.Elasticsearch), time), config.Elasticsearch.IndexPattern, time);

    public async ValueTask DisposeAsync()
    {
        _service.Found = null;
        await _stop.CancelAsync();
        await _work;
        _elastic?.Client.Dispose();
        _stop.Dispose();
    }
}
