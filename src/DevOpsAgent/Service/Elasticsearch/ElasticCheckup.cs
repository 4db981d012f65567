using DevOpsAgent.Logs;
using DevOpsAgent.Logs.Elasticsearch;

namespace DevOpsAgent.Service.Elasticsearch;

/// <summary>What one look at a cluster tells: the product, the fields, the newest events.</summary>
internal sealed record ElasticCheckup(ElasticProduct Product, EventFields Fields, ClusterMoment Moment)
{
    /// <exception cref="ElasticException">It can't be read from, and why.</exception>
    public static async Task<ElasticCheckup> ReadAsync(ElasticLogs logs, FieldResolver resolver, ClientResolver clients, CancellationToken cancellationToken)
    {
        var product = await logs.Client.ProductAsync(cancellationToken);
        var fields = resolver.Resolve(await logs.CapsAsync(resolver.Asked, cancellationToken), logs.Pattern);
        return new(product, fields, await ClusterMoment.AskAsync(logs, new(fields, clients, false, false), (0, 1), cancellationToken));
    }
}
