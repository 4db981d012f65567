using System.Globalization;
using DevOpsAgent.Configuration;
using DevOpsAgent.Logs.Elasticsearch;
using DevOpsAgent.Service.Elasticsearch;

namespace DevOpsAgent.App.Cli;

/// <summary>Elasticsearch's part of <c>doctor</c>: reached, which product, which fields, whether shards answer, whose clock is wrong.</summary>
internal sealed class DoctorElastic(AgentConfig config, TimeProvider time, List<Check> checks)
{
    private const string Name = "elasticsearch";
    private static readonly TimeSpan MuchSkew = TimeSpan.FromSeconds(30);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (!config.Elasticsearch.IsConfigured())
        {
            return;
        }

        try
        {
            using var client = new ElasticClient(ElasticOptions.Of(config.Elasticsearch) with { Tries = 2, Attempt = TimeSpan.FromSeconds(10) }, time);
            var found = await ElasticCheckup.ReadAsync(new(client, config.Elasticsearch.IndexPattern, time), FieldResolver.Of(config.Elasticsearch), new(config.Elasticsearch.TrustedProxies), cancellationToken);
            Report(client, found);
        }
        catch (ElasticException e)
        {
            Add(CheckStatus.Failed, e.Message, null);
        }
    }

    private void Report(ElasticClient client, ElasticCheckup found)
    {
        Add(CheckStatus.Ok, $"{client.Description} answers: {found.Product.Name}{(config.WatchesElasticsearch() ? "" : "; detection does not read from it (elasticsearch.watch)")}", null);
        Add(CheckStatus.Ok, $"fields of {config.Elasticsearch.IndexPattern}: {found.Fields.Description}", null);
        if (found.Moment.Now is { } now && DateTimeOffset.FromUnixTimeMilliseconds(now) - time.GetUtcNow() is var skew && skew.Duration() > MuchSkew)
        {
            Add(CheckStatus.Warning, string.Create(CultureInfo.InvariantCulture, $"its clock and this machine's differ by {skew.Duration().TotalSeconds:0} s"), "set the clocks");
        }

        if (found.Moment.Sampled == 0)
        {
            Add(CheckStatus.Warning, "there is no event yet", "send a request through Traefik and look again");
        }
        else
        {
            Add(found.Moment.Readable > 0 ? CheckStatus.Ok : CheckStatus.Failed, string.Create(CultureInfo.InvariantCulture, $"{found.Moment.Readable} of the newest {found.Moment.Sampled} events are requests of Traefik"),
                found.Moment.Readable > 0 ? null : "narrow elasticsearch.index_pattern, or name the fields with elasticsearch.fields");
        }

        if (found.Moment.Groups.SawForwarded && config.Elasticsearch.TrustedProxies.Count == 0)
        {
            Add(CheckStatus.Warning, "requests come with a forwarded address, and no proxy is trusted: their clients are the proxies", "name your proxies with elasticsearch.trusted_proxies, or close forwardedHeaders.insecure in Traefik");
        }
    }

    private void Add(CheckStatus status, string text, string? next) => checks.Add(new(Name, status, text, next));
}
